// The two logs of a server: events (errors and the like) and requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/clock.hpp"
#include "server/log/access_line.hpp"
#include "server/log/access_pattern.hpp"

namespace basehttp {

class LogFile;
class LogWriter;

/// From which on events are logged. `off` logs none.
enum class LogLevel : std::uint8_t { debug, info, warning, error, off };

/// What is logged, and where to.
struct LogOptions {
    std::string access = "-";                    ///< FILE, "-" for stderr, "off"
    std::string error = "-";                     ///< FILE, "-" for stderr
    AccessFormat format = AccessFormat::python;  ///< of the lines of requests
    LogLevel level = LogLevel::info;             ///< lowest level of events
    /// Shows log_message and log_error in http.server's manner beside the requests, as Python does;
    /// off: they go to the event log at debug level, and each request has one line.
    bool python_messages = true;
    AccessPattern pattern = {};  ///< With AccessFormat::pattern.
};

/// What begins an event line that belongs to a site: "[tag] ", or nothing without a tag.
BASEHTTP_API std::string tag_mark(std::string_view tag);

/// The log of requests as it is set now. Immutable; any thread.
struct BASEHTTP_API AccessLog {
    AccessFormat format = AccessFormat::off;  ///< `off` only without a log.
    AccessPattern pattern;                    ///< Of AccessFormat::pattern.
    bool names_site = false;                  ///< Lines tell AccessRecord::site.
    bool is_journal = false;        ///< Each line begins with its priority, see sd-daemon(3).
    std::shared_ptr<LogFile> file;  ///< Where lines go.

    /// Appends one line with its newline.
    void append_line(std::string& out, const AccessRecord& record, const LogTime& time) const;
};

/// The two logs, events and requests. Never waits: lines go through a buffer of at most 1 MiB for
/// each file to a thread that writes; what does not fit is dropped, counted and reported. A file
/// that cannot be written costs lines, and is tried again. Standard error that is systemd's journal
/// gets priorities instead of times. Any thread.
class BASEHTTP_API Log {
  public:
    /// Throws std::system_error when a file cannot be opened. `clock` outlives it.
    explicit Log(const LogOptions& options, const Clock& clock = Clock::system());
    ~Log();  ///< Writes what is queued.

    /// Other files, format and level from now on, without losing a line: what was written before
    /// still goes where it was to go. Files that stay are opened again. Throws std::system_error,
    /// and then changes nothing, when a file cannot be opened.
    void reconfigure(const LogOptions& options);
    /// Opens each file again by its name, for one that was moved away. One that cannot be opened
    /// stays as it is, and the event log says why. Whether all were opened.
    bool reopen();

    /// Waits, but not longer than a moment, until what is queued is written. Not for a loop.
    void flush();

    /// One event line. Control characters are escaped, so nobody can forge a line.
    void write(LogLevel level, std::string_view text);
    /// Whole access lines, each ended by a newline.
    void write_access(std::string_view lines);
    /// A line of log_message: see LogOptions::python_messages.
    void write_message(std::string_view line);
    /// As in the options.
    bool python_messages() const { return python_messages_; }

    bool access_on() const { return access_on_; }  ///< Requests are logged.
    /// nullptr: requests are not logged. Takes a lock: see AccessLines for those who write many.
    std::shared_ptr<const AccessLog> access() const;
    /// Changes when access() does.
    std::uint64_t generation() const { return generation_; }
    /// Lines of `access`, which may be that of an earlier generation.
    void write_access(const AccessLog& access, std::string_view lines);

    /// Takes an event's text with its level, or whole access lines (without one).
    using Forward = std::function<void(std::optional<LogLevel>, std::string_view)>;
    /// In a forked child, whose copy of this has no thread that writes: everything goes there.
    void forward_to(Forward forward) { forward_ = std::move(forward); }

  private:
    struct State;
    std::shared_ptr<const State> state() const;
    std::shared_ptr<const State> make_state(const LogOptions& options);
    void report(const LogFile& about, bool is_over, const std::string& text);

    mutable std::mutex mutex_;  // guards state_
    std::shared_ptr<const State> state_;
    std::mutex changing_;  // held by reconfigure and reopen
    // Not behind the mutex: a forked child must not take that one.
    std::atomic<LogLevel> level_ = LogLevel::off;
    std::atomic<bool> access_on_ = false, access_is_journal_ = false, python_messages_ = false;
    std::atomic<std::uint64_t> generation_ = 0;
    Forward forward_;  // in a forked child
    // Destroyed first: its thread writes what is queued, and may report.
    std::unique_ptr<LogWriter> writer_;
};

}  // namespace basehttp
