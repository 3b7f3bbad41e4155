#pragma once

#include <unistd.h>

#include <utility>

namespace basehttp {

/// The owner of one file descriptor; closes it. Move-only. Empty holds -1.
/// Used by one thread at a time, like any value.
class Fd {
  public:
    Fd() = default;
    /// Owns `fd` from now on.
    explicit Fd(int fd) noexcept : fd_(fd) {}
    ///@{
    /// Leaves `other` empty; an assignment closes what was held.
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ///@}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const noexcept { return fd_; }                      ///< Not to be closed.
    explicit operator bool() const noexcept { return fd_ >= 0; }  ///< Holds a descriptor.

    /// Gives the descriptor away; the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes what is held and takes `fd` instead. Linux frees the number even when close() fails
    /// (EINTR included), so the result is not looked at and close() is never repeated.
    void reset(int fd = -1) noexcept {
        const int old = std::exchange(fd_, fd);
        if (old >= 0 && old != fd) ::close(old);
    }

  private:
    int fd_ = -1;
};

}  // namespace basehttp
