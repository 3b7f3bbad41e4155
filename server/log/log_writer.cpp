#include "server/log/log_writer.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace basehttp {
namespace {

constexpr int retry_pause = 1000;   // milliseconds between tries of a file that fails
constexpr int last_patience = 200;  // milliseconds for others, where we must wait for them

Fd make_eventfd() {
    Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd) throw std::system_error(errno, std::generic_category(), "eventfd");
    return fd;
}

/// A thread that gets no signal of the process, nor SIGPIPE and SIGXFSZ for what it writes.
std::thread quiet_thread(std::function<void()> run) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread thread(std::move(run));
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return thread;
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
}

}  // namespace

LogWriter::LogWriter(const Clock& clock, Report report)
    : clock_(clock),
      report_(std::move(report)),
      wake_(make_eventfd()),
      thread_(quiet_thread([this] { run(); })) {}

LogWriter::~LogWriter() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake();
    thread_.join();
}

void LogWriter::wake() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

std::shared_ptr<LogFile> LogWriter::add(std::string name, Fd fd) {
    auto file = std::make_shared<LogFile>(std::move(name), std::move(fd));
    const std::lock_guard lock(mutex_);
    added_.push_back(file);
    return file;
}

void LogWriter::append(LogFile& file, std::string_view lines) {
    bool was_asleep = false;
    {
        const std::lock_guard lock(mutex_);
        file.append(lines);
        was_asleep = std::exchange(sleeping_, false);
    }
    if (was_asleep) wake();
}

void LogWriter::replace(LogFile& file, Fd fd) {
    {
        const std::lock_guard lock(mutex_);
        file.replace(std::move(fd));
    }
    wake();
}

void LogWriter::flush() {
    std::unique_lock lock(mutex_);
    slept_.wait_for(lock, std::chrono::milliseconds(last_patience), [this] { return sleeping_; });
}

void LogWriter::run() {
    for (;;) {
        const bool is_end = take();
        const bool moved = write();
        tell(is_end);
        if (is_end) {
            if (!moved && is_done()) return;
            if (!moved) give_up();
            continue;
        }
        sleep();
    }
}

/// What waits, to each file that has written all it had. Whether this is the end.
bool LogWriter::take() {
    const std::lock_guard lock(mutex_);
    for (auto& file : added_) files_.push_back({std::move(file)});
    added_.clear();
    for (const Known& known : files_) known.file->take_waiting();
    return ending_;
}

bool LogWriter::write() {
    bool moved = false;
    for (const Known& known : files_)
        if (known.file->write()) moved = true;
    return moved;
}

/// The beginning and the end of trouble, and lines that were lost meanwhile.
void LogWriter::tell(bool at_end) {
    drops_untold_ = false;
    for (Known& known : files_) {
        const LogFile& file = *known.file;
        if (file.error() != 0 && !std::exchange(known.troubled, true))
            report_(file, false,
                    "Cannot write to " + file.title() + ": " +
                        std::generic_category().message(file.error()) +
                        "; it is tried again each second, and what does not fit into memory until "
                        "then is lost");
        else if (file.error() == 0 && file.is_written() && std::exchange(known.troubled, false))
            report_(file, true, "Lines are written to " + file.title() + " again");
        tell_of_drops(known, at_end);
    }
}

/// Once a minute at most, when all that waited is written.
void LogWriter::tell_of_drops(Known& known, bool at_end) {
    const auto now = clock_.monotonic();
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!known.file->has_dropped() || known.told_last) return;
        const bool is_early =
            known.drops_told.count() >= 0 && now < known.drops_told + report_pause;
        const bool is_behind = !known.file->is_written() || known.file->has_waiting();
        if (is_behind || (is_early && !at_end)) {
            drops_untold_ = true;
            return;
        }
        dropped = known.file->take_dropped();
    }
    known.drops_told = now;
    known.told_last = at_end;
    report_(*known.file, !known.given_up,
            std::to_string(dropped) + " log messages were dropped: " + known.file->title() +
                " did not take them in time");
}

/// At the end: nothing more can be written.
bool LogWriter::is_done() {
    const std::lock_guard lock(mutex_);
    return std::none_of(files_.begin(), files_.end(), [](const Known& known) {
        return !known.file->is_written() || known.file->has_waiting();
    });
}

/// Files that nobody can write to any more, and that have all that was written.
void LogWriter::forget_unused() {
    std::erase_if(files_, [](const Known& known) {
        return known.file.use_count() == 1 && known.file->is_written() &&
               !known.file->has_waiting() && !known.file->has_dropped();
    });
}

void LogWriter::sleep() {
    polled_.assign(1, {wake_.get(), POLLIN, 0});
    bool retries = drops_untold_;
    {
        const std::lock_guard lock(mutex_);
        forget_unused();
        for (const Known& known : files_) {
            if (known.file->has_waiting()) return;
            if (known.file->error() != 0)
                retries = true;
            else if (!known.file->is_written())
                polled_.push_back({known.file->fd(), POLLOUT, 0});
        }
        if (ending_ || !added_.empty()) return;
        sleeping_ = true;
    }
    slept_.notify_all();
    ::poll(polled_.data(), polled_.size(), retries ? retry_pause : -1);
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
    std::uint64_t count = 0;
    static_cast<void>(!::read(wake_.get(), &count, sizeof count));
}

/// At the end: a last moment for pipes whose readers are slow, then what is left is lost.
void LogWriter::give_up() {
    polled_.clear();
    for (const Known& known : files_)
        if (!known.file->is_written() && known.file->error() == 0)
            polled_.push_back({known.file->fd(), POLLOUT, 0});
    if (!polled_.empty() && ::poll(polled_.data(), polled_.size(), last_patience) > 0) return;
    const std::lock_guard lock(mutex_);
    for (Known& known : files_) {
        if (known.file->is_written()) continue;
        known.file->give_up();
        known.given_up = true;
    }
}

}  // namespace basehttp
