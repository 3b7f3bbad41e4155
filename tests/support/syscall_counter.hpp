// Counts the system calls of a running program's event loops, as strace would, by ptrace(2).
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "tests/support/daemon_fixture.hpp"

namespace basehttp {

/// Calls by their number in <sys/syscall.h>.
struct SyscallCounts {
    std::map<long, std::uint64_t> calls;
    std::uint64_t sends_with_more = 0;  ///< of sendto and sendmsg: those with MSG_MORE

    std::uint64_t of(long number) const;
    std::uint64_t all() const;
    /// "recvfrom 3, sendto 3, epoll_wait 4"
    std::string text() const;
    SyscallCounts operator-(const SyscallCounts& before) const;
};

/// A thread of its own follows the threads that the daemon has now. Those that have called
/// epoll_wait count: they are the loops. Each call costs some microseconds more meanwhile.
class SyscallCounter {
  public:
    /// `daemon` outlives it.
    explicit SyscallCounter(const Daemon& daemon);
    SyscallCounter(const SyscallCounter&) = delete;
    SyscallCounter& operator=(const SyscallCounter&) = delete;
    ~SyscallCounter();

    /// False where this process may not trace another: nothing is counted.
    bool allowed() const { return allowed_; }
    SyscallCounts counts() const;
    /// While the lock lives, each loop stops at its next call, and counts() is not to be called.
    std::unique_lock<std::mutex> hold() const { return std::unique_lock(mutex_); }

  private:
    void follow(std::promise<bool> allowed);
    bool attach();
    void detach();
    void on_stop(int thread, int status);
    void on_syscall(int thread);

    const Daemon& daemon_;
    mutable std::mutex mutex_;  // guards counts_, and is held while a thread is made to go on
    SyscallCounts counts_;
    std::set<int> threads_, loops_;  // the tracer's
    std::atomic<bool> done_ = false;
    bool allowed_ = false;
    std::thread tracer_;
};

}  // namespace basehttp
