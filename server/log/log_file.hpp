// An open log file and the lines that wait for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/fd.hpp"

namespace basehttp {

/// Opens a log: a file for appending, or "-" for a duplicate of standard error, so that an
/// inherited descriptor works that cannot be opened by name (containers, dropped privileges).
/// Throws std::system_error.
Fd open_log(const std::string& name);

/// Lines on their way to a file. Each member says whose it is: under the mutex of the LogWriter, or
/// of its thread alone. Loses no line by itself and never cuts one in two.
class LogFile {
  public:
    LogFile(std::string name, Fd fd);

    const std::string& name() const { return name_; }  ///< Any thread.
    std::string title() const;                         ///< For messages. Any thread.

    // --- Under the mutex ---
    /// False: there is no room; the lines are counted as dropped.
    bool append(std::string_view lines);
    /// Lines dropped since the last call.
    std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }
    bool has_dropped() const { return dropped_ > 0; }
    /// `fd` takes the place of the file, before its next whole line.
    void replace(Fd fd) { next_ = std::move(fd); }
    /// Gets what waits, if nothing is being written; takes the new descriptor, if there is one.
    void take_waiting();
    /// Whether take_waiting() would change anything.
    bool has_waiting() const { return may_switch() || (!waiting_.empty() && is_written()); }
    /// What was not written will not be: it is counted as dropped.
    void give_up();

    // --- On the thread ---
    /// Writes without waiting. True: it has moved on.
    bool write();
    bool is_written() const { return written_ == writing_.size(); }
    int error() const { return error_; }  ///< Of the last try, errno; 0: none.
    int fd() const { return fd_.get(); }  ///< To be polled for POLLOUT when not all is written.

    static constexpr std::size_t most_waiting = 1u << 20;  ///< Bytes; as many are being written.

  private:
    std::size_t next_piece() const;
    bool is_mid_line() const;
    bool may_switch() const { return next_ && (error_ != 0 || !is_mid_line()); }

    const std::string name_;
    std::string waiting_;
    std::uint64_t dropped_ = 0;
    Fd next_;
    Fd fd_;
    bool regular_ = false;
    std::string writing_;
    std::size_t written_ = 0;
    int error_ = 0;
};

}  // namespace basehttp
