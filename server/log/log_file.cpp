#include "server/log/log_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>
#include <system_error>

namespace basehttp {
namespace {

bool is_regular(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// Whether somebody's last line broke off there, for want of room.
bool ends_in_mid_line(const std::string& name, int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return false;
    const Fd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    char last = '\n';
    return file && ::pread(file.get(), &last, 1, status.st_size - 1) == 1 && last != '\n';
}

bool is_writable(int fd) {
    pollfd polled{fd, POLLOUT, 0};
    return ::poll(&polled, 1, 0) > 0;
}

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Fd open_log(const std::string& name) {
    constexpr int flags =
        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // a FIFO without reader
    Fd fd(name == "-" ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                      : ::open(name.c_str(), flags, 0640));
    if (!fd) throw std::system_error(errno, std::generic_category(), "log file '" + name + "'");
    if (name != "-" && ends_in_mid_line(name, fd.get()))
        static_cast<void>(!::write(fd.get(), "\n", 1));  // if that fails, lines will, too
    return fd;
}

LogFile::LogFile(std::string name, Fd fd)
    : name_(std::move(name)), fd_(std::move(fd)), regular_(is_regular(fd_.get())) {}

std::string LogFile::title() const { return name_ == "-" ? "standard error" : "'" + name_ + "'"; }

bool LogFile::append(std::string_view lines) {
    try {
        if (lines.size() <= most_waiting - waiting_.size()) {
            waiting_.append(lines);
            return true;
        }
    } catch (const std::bad_alloc&) {  // the memory is for requests
    }
    dropped_ += lines_in(lines);
    return false;
}

bool LogFile::is_mid_line() const {
    return !is_written() && written_ > 0 && writing_[written_ - 1] != '\n';
}

void LogFile::take_waiting() {
    if (may_switch()) {
        // A line whose end does not fit into the old file is whole in the new one.
        if (is_mid_line()) written_ = writing_.rfind('\n', written_ - 1) + 1;
        fd_ = std::move(next_);
        regular_ = is_regular(fd_.get());
        error_ = 0;
    }
    if (!is_written()) return;
    constexpr std::size_t usual = 128u << 10;  // bytes; what a burst took is given back
    writing_.clear();
    written_ = 0;
    if (writing_.capacity() > usual) writing_ = {};
    writing_.swap(waiting_);
}

void LogFile::give_up() {
    dropped_ += lines_in(std::string_view(writing_).substr(written_)) + lines_in(waiting_);
    written_ = writing_.size();
    waiting_.clear();
}

/// A pipe that is ready takes PIPE_BUF bytes without waiting, and all of them together: whole lines
/// then, for others write there, too.
std::size_t LogFile::next_piece() const {
    const std::size_t rest = writing_.size() - written_;
    if (regular_ || rest <= PIPE_BUF) return rest;
    const std::size_t line_end = writing_.rfind('\n', written_ + PIPE_BUF - 1);
    return line_end == std::string::npos || line_end < written_ ? PIPE_BUF
                                                                : line_end + 1 - written_;
}

bool LogFile::write() {
    bool moved = false;
    while (!is_written() && (regular_ || is_writable(fd_.get()))) {
        const ssize_t count = ::write(fd_.get(), writing_.data() + written_, next_piece());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) {
            error_ = count < 0 ? errno : ENOSPC;
            break;
        }
        error_ = 0;
        moved = true;
        written_ += static_cast<std::size_t>(count);
    }
    return moved;
}

}  // namespace basehttp
