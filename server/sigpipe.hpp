// SIGPIPE, which would end a program because one of its clients has left.
#pragma once

#include <csignal>
#include <ctime>

namespace basehttp {

/// While it lives, this thread and those that it starts get no SIGPIPE: sendfile and OpenSSL cannot
/// be asked not to raise it. What other threads and the program do about the signal stays theirs.
class SigpipeBlocked {
  public:
    SigpipeBlocked() {
        ::sigemptyset(&sigpipe_);
        ::sigaddset(&sigpipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    }
    ~SigpipeBlocked() {
        const std::timespec at_once{};
        const bool ours = ::sigismember(&before_, SIGPIPE) == 0;
        while (ours && ::sigtimedwait(&sigpipe_, nullptr, &at_once) == SIGPIPE) continue;
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SigpipeBlocked(const SigpipeBlocked&) = delete;
    SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

  private:
    sigset_t sigpipe_, before_;
};

}  // namespace basehttp
