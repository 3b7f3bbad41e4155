#include "server/log/log.hpp"

#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <system_error>
#include <utility>

#include "server/log/journal_stream.hpp"
#include "server/log/log_writer.hpp"

namespace basehttp {
namespace {

/// Hands the lines of a logger over to the writer.
class QueueSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    QueueSink(LogWriter& writer, std::shared_ptr<LogFile> file)
        : writer_(writer), file_(std::move(file)) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        writer_.append(*file_, {text.data(), text.size()});
    }
    void flush_() override {}

  private:
    LogWriter& writer_;
    const std::shared_ptr<LogFile> file_;
};

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

/// Of syslog(3), as sd-daemon(3) has it.
std::string_view priority(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "<7>";
        case LogLevel::info:
            return "<6>";
        case LogLevel::warning:
            return "<4>";
        case LogLevel::error:
        case LogLevel::off:
            break;
    }
    return "<3>";
}

std::string without_controls(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            append_escaped(safe, {&c, 1});
        else
            safe += c;
    }
    return safe;
}

/// For what the event log itself cannot take. Does not wait.
void write_to_stderr(std::string_view text) {
    const std::string line = "basehttpd: " + without_controls(text.substr(0, PIPE_BUF / 8)) + "\n";
    pollfd polled{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&polled, 1, 0) > 0)
        static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

}  // namespace

std::string tag_mark(std::string_view tag) {
    return tag.empty() ? std::string() : "[" + std::string(tag) + "] ";
}

void AccessLog::append_line(std::string& out, const AccessRecord& record,
                            const LogTime& time) const {
    if (is_journal) out += priority(LogLevel::info);
    if (format == AccessFormat::pattern)
        append_access_line(out, pattern, record, time);
    else
        append_access_line(out, format, record, time);
}

struct Log::State {
    std::string error_name, access_name;
    std::shared_ptr<LogFile> error_file;
    std::shared_ptr<spdlog::logger> events;
    bool events_are_journal = false;
    std::shared_ptr<const AccessLog> access;  // nullptr: off
};

Log::Log(const LogOptions& options, const Clock& clock)
    : writer_(std::make_unique<LogWriter>(
          clock, [this](const LogFile& about, bool is_over, const std::string& text) {
              report(about, is_over, text);
          })) {
    reconfigure(options);
}

Log::~Log() = default;

std::shared_ptr<const Log::State> Log::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

/// The files of `options`, those that are in use already opened anew; nothing is changed before
/// all are open.
std::shared_ptr<const Log::State> Log::make_state(const LogOptions& options) {
    const auto before = state();
    const bool on = options.access != "off" && options.format != AccessFormat::off;
    const bool together = on && options.access == options.error;
    Fd error_fd = open_log(options.error);
    Fd access_fd = on && !together ? open_log(options.access) : Fd();
    const auto file_for = [&](const std::string& name, Fd fd) {
        for (const auto& used : {before ? before->error_file : nullptr,
                                 before && before->access ? before->access->file : nullptr})
            if (used && used->name() == name) {
                writer_->replace(*used, std::move(fd));
                return used;
            }
        return writer_->add(name, std::move(fd));
    };
    auto made = std::make_shared<State>();
    made->events_are_journal = options.error == "-" && is_journal(STDERR_FILENO);
    made->error_file = file_for(options.error, std::move(error_fd));
    made->events = std::make_shared<spdlog::logger>(
        "", std::make_shared<QueueSink>(*writer_, made->error_file));
    made->events->set_level(spdlog::level::trace);  // asked before it is called
    made->events->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        made->events_are_journal ? "%v\n" : "%Y-%m-%dT%H:%M:%S.%eZ %l: %v\n",
        spdlog::pattern_time_type::utc, ""));
    if (!on) return made;
    auto access = std::make_shared<AccessLog>();
    access->format = options.format;
    access->pattern = options.pattern;
    access->names_site = options.pattern.names_site();
    access->is_journal = options.access == "-" && is_journal(STDERR_FILENO);
    access->file = together ? made->error_file : file_for(options.access, std::move(access_fd));
    made->access = std::move(access);
    return made;
}

void Log::reconfigure(const LogOptions& options) {
    const std::lock_guard one_at_a_time(changing_);
    auto made = make_state(options);
    level_ = options.level;
    python_messages_ = options.python_messages;
    access_on_ = made->access != nullptr;
    access_is_journal_ = made->access && made->access->is_journal;
    {
        const std::lock_guard lock(mutex_);
        state_.swap(made);
    }
    ++generation_;
}

bool Log::reopen() {
    const std::lock_guard one_at_a_time(changing_);
    const auto now = state();
    std::vector<std::shared_ptr<LogFile>> files{now->error_file};
    if (now->access && now->access->file != now->error_file) files.push_back(now->access->file);
    bool all = true;
    for (const auto& file : files) {
        if (file->name() == "-") continue;
        try {
            writer_->replace(*file, open_log(file->name()));
        } catch (const std::system_error& error) {
            all = false;
            write(LogLevel::error, std::string("Cannot reopen ") + error.what() +
                                       "; the file that is open is written on");
        }
    }
    return all;
}

/// Trouble with the access log is told in the event log. What that one cannot take itself goes to
/// standard error, unless that is the very file.
void Log::report(const LogFile& about, bool is_over, const std::string& text) {
    const auto now = state();
    const bool is_event_log = !now || now->error_file.get() == &about;
    if (!is_event_log || is_over)
        write(is_over ? LogLevel::warning : LogLevel::error, text);
    else if (about.name() != "-")
        write_to_stderr(text);
}

void Log::write(LogLevel level, std::string_view text) {
    if (level < level_ || level == LogLevel::off) return;
    if (forward_) return forward_(level, text);
    const auto now = state();
    const std::string safe = without_controls(text);
    if (now->events_are_journal)
        now->events->log(spdlog_level(level), "{}{}: {}", priority(level),
                         spdlog::level::to_string_view(spdlog_level(level)), safe);
    else
        now->events->log(spdlog_level(level), spdlog::string_view_t(safe.data(), safe.size()));
}

void Log::flush() {
    if (!forward_) writer_->flush();
}

std::shared_ptr<const AccessLog> Log::access() const { return state()->access; }

void Log::write_access(const AccessLog& access, std::string_view lines) {
    if (!lines.empty()) writer_->append(*access.file, lines);
}

void Log::write_access(std::string_view lines) {
    if (!access_on() || lines.empty()) return;
    if (forward_) return forward_({}, lines);
    if (const auto now = access()) write_access(*now, lines);
}

void Log::write_message(std::string_view line) {
    std::string text(access_is_journal_ ? priority(LogLevel::info) : "");
    text.append(line).append("\n");
    write_access(text);
}

}  // namespace basehttp
