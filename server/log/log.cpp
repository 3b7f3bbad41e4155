#include "server/log/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <mutex>
#include <system_error>

#include "server/fd.hpp"

namespace basehttp {
namespace {

/// Writes to a descriptor on spdlog's thread. A full disk costs lines, not the server; a pipe that
/// nobody reads holds up this thread only, and at the end only for a moment.
class FdSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    FdSink(Fd fd, const std::atomic<bool>& closing) : fd_(std::move(fd)), closing_(closing) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        std::string_view rest(text.data(), text.size());
        while (!rest.empty() && wait_writable()) {
            // A pipe that is ready takes PIPE_BUF bytes without waiting.
            const ssize_t count =
                ::write(fd_.get(), rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    void flush_() override {}

  private:
    bool wait_writable() {
        pollfd poll_fd{fd_.get(), POLLOUT, 0};
        while (!stuck_) {
            const int ready = ::poll(&poll_fd, 1, 200);
            if (ready > 0) return true;
            if (ready == 0 && closing_) stuck_ = true;  // nobody will read the rest
        }
        return false;
    }

    Fd fd_;
    const std::atomic<bool>& closing_;
    bool stuck_ = false;
};

/// "-" is a duplicate of stderr, so that an inherited descriptor works that cannot be opened by
/// name (containers, dropped privileges).
Fd open_log(const std::string& name) {
    Fd fd(name == "-"
              ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
              : ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640));
    if (!fd) throw std::system_error(errno, std::generic_category(), "log file '" + name + "'");
    return fd;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::off:
            break;
    }
    return spdlog::level::off;
}

}  // namespace

struct Log::Sinks {
    std::atomic<bool> closing = false;  // outlives the thread below
    std::shared_ptr<spdlog::async_logger> error, access;
    // Destroyed first: writes what is queued and joins, while the loggers are still there.
    std::shared_ptr<spdlog::details::thread_pool> thread =
        std::make_shared<spdlog::details::thread_pool>(1024, 1);

    std::shared_ptr<spdlog::async_logger> make(const std::string& name, const char* pattern) {
        auto logger = std::make_shared<spdlog::async_logger>(
            "", std::make_shared<FdSink>(open_log(name), closing), thread,
            spdlog::async_overflow_policy::overrun_oldest);
        logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern, spdlog::pattern_time_type::utc, ""));
        return logger;
    }
};

Log::Log(const LogOptions& options)
    : sinks_(std::make_unique<Sinks>()),
      format_(options.access == "off" ? AccessFormat::off : options.format),
      python_messages_(options.python_messages) {
    sinks_->error = sinks_->make(options.error, "%Y-%m-%dT%H:%M:%S.%eZ %l: %v\n");
    sinks_->error->set_level(spdlog_level(options.level));
    if (access_on()) sinks_->access = sinks_->make(options.access, "%v");
}

Log::~Log() {
    sinks_->closing = true;
    const auto dropped = sinks_->thread->overrun_counter();
    if (dropped > 0)
        write(LogLevel::warning, std::to_string(dropped) +
                                     " log messages were dropped: the "
                                     "disk or pipe behind the log is too slow");
}

void Log::write(LogLevel level, std::string_view text) {
    const auto spd_level = spdlog_level(level);
    if (!sinks_->error->should_log(spd_level)) return;
    if (forward_) return forward_(level, text);
    std::string safe;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            append_escaped(safe, {&c, 1});
        else
            safe += c;
    }
    sinks_->error->log(spd_level, spdlog::string_view_t(safe.data(), safe.size()));
}

void Log::write_access(std::string_view lines) {
    if (!access_on() || lines.empty()) return;
    if (forward_)
        forward_({}, lines);
    else
        sinks_->access->log(spdlog::level::info, spdlog::string_view_t(lines.data(), lines.size()));
}

void Log::write_message(std::string_view line) {
    std::string text(line);
    text += '\n';
    write_access(text);
}

void Log::flush() {
    if (forward_) return;
    sinks_->error->flush();
    if (sinks_->access) sinks_->access->flush();
}

}  // namespace basehttp
