// The two logs of a server: events (errors and the like) and requests. Never waits: lines go
// through a bounded queue to a thread that writes; what does not fit is dropped and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/log/access_line.hpp"

namespace basehttp {

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
};

/// The two logs, events and requests. Never waits: lines go through a bounded queue to a thread
/// that writes; what does not fit is dropped and counted. Any thread.
class BASEHTTP_API Log {
  public:
    /// Throws std::system_error when a file cannot be opened.
    explicit Log(const LogOptions& options);
    ~Log();  ///< Writes what is queued.

    /// One event line. Control characters are escaped, so nobody can forge a line.
    void write(LogLevel level, std::string_view text);
    /// Whole access lines, each ended by a newline, made by append_access_line.
    void write_access(std::string_view lines);
    /// A line of log_message: see LogOptions::python_messages.
    void write_message(std::string_view line);
    /// As in the options.
    bool python_messages() const { return python_messages_; }

    AccessFormat format() const { return format_; }                  ///< As in the options.
    bool access_on() const { return format_ != AccessFormat::off; }  ///< Requests are logged.
    void flush();  ///< What is queued is written soon.

    /// Takes an event's text with its level, or whole access lines (without one).
    using Forward = std::function<void(std::optional<LogLevel>, std::string_view)>;
    /// In a forked child, whose copy of this has no thread that writes: everything goes there.
    void forward_to(Forward forward) { forward_ = std::move(forward); }

  private:
    struct Sinks;
    std::unique_ptr<Sinks> sinks_;
    AccessFormat format_;
    bool python_messages_;
    Forward forward_;  // in a forked child
};

}  // namespace basehttp
