// The thread that writes log files, so that nobody else ever waits for a disk or a pipe.
#pragma once

#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/clock.hpp"
#include "server/log/log_file.hpp"

namespace basehttp {

/// Takes lines at once or not at all, and writes them on a thread of its own. What cannot be
/// written (a full disk, a pipe that nobody reads) waits and is tried again, up to
/// LogFile::most_waiting bytes; what comes then is dropped and counted, without holding up other
/// files.
class LogWriter {
  public:
    /// Tells of trouble with a file, or of its end: then the file itself takes lines again. On the
    /// thread.
    using Report = std::function<void(const LogFile& about, bool is_over, const std::string& text)>;

    /// `clock` outlives it.
    LogWriter(const Clock& clock, Report report);
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;
    /// Writes what is there, but waits for nobody longer than a moment.
    ~LogWriter();

    /// A further file. It is closed when all is written and nobody else has it. Any thread.
    std::shared_ptr<LogFile> add(std::string name, Fd fd);
    /// Whole lines, ended by newlines. Any thread.
    void append(LogFile& file, std::string_view lines);
    /// From its next line on, `file` is `fd`. Any thread.
    void replace(LogFile& file, Fd fd);

    /// Waits, but not longer than a moment, until what is there is written. Any thread.
    void flush();

    /// Between two reports of dropped lines.
    static constexpr std::chrono::minutes report_pause{1};

  private:
    /// What the thread remembers of a file.
    struct Known {
        std::shared_ptr<LogFile> file;
        bool troubled = false;                     ///< That was reported, its end was not.
        std::chrono::microseconds drops_told{-1};  ///< When; -1: never.
        bool given_up = false;                     ///< At the end it took no more.
        bool told_last = false;                    ///< At the end its drops were reported.
    };

    void run();
    void wake();
    bool take();
    bool write();
    void tell(bool at_end);
    void tell_of_drops(Known& known, bool at_end);
    bool is_done();
    void forget_unused();
    void sleep();
    void give_up();

    const Clock& clock_;
    const Report report_;
    const Fd wake_;  // eventfd

    std::mutex mutex_;  // guards the next four and what LogFile says
    std::vector<std::shared_ptr<LogFile>> added_;
    std::condition_variable slept_;
    bool sleeping_ = false;
    bool ending_ = false;

    std::vector<Known> files_;  // the thread's, as all below
    std::vector<pollfd> polled_;
    bool drops_untold_ = false;
    std::thread thread_;
};

}  // namespace basehttp
