#include "tests/support/syscall_counter.hpp"

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

namespace basehttp {
namespace {

/// Names for messages, of those that a server may want to make for a request.
std::string name_of(long number) {
    static const std::map<long, const char*> names{
        {SYS_recvfrom, "recvfrom"},
        {SYS_recvmsg, "recvmsg"},
        {SYS_sendto, "sendto"},
        {SYS_sendmsg, "sendmsg"},
        {SYS_sendfile, "sendfile"},
        {SYS_read, "read"},
        {SYS_write, "write"},
        {SYS_writev, "writev"},
        {SYS_pread64, "pread64"},
        {SYS_epoll_pwait, "epoll_pwait"},
        {SYS_epoll_ctl, "epoll_ctl"},
        {SYS_futex, "futex"},
        {SYS_openat, "openat"},
        {SYS_openat2, "openat2"},
        {SYS_close, "close"},
        {SYS_statx, "statx"},
        {SYS_fstat, "fstat"},
        {SYS_newfstatat, "newfstatat"},
        {SYS_accept4, "accept4"},
        {SYS_fcntl, "fcntl"},
        {SYS_setsockopt, "setsockopt"},
        {SYS_getsockname, "getsockname"},
        {SYS_getpeername, "getpeername"},
        {SYS_getpid, "getpid"},
        {SYS_gettid, "gettid"},
        {SYS_rt_sigprocmask, "rt_sigprocmask"},
        {SYS_clock_gettime, "clock_gettime"},
        {SYS_shutdown, "shutdown"},
        {SYS_brk, "brk"},
        {SYS_mmap, "mmap"},
        {SYS_munmap, "munmap"},
        {SYS_madvise, "madvise"},
        {SYS_mprotect, "mprotect"},
        {SYS_restart_syscall, "restart_syscall"},
#ifdef SYS_epoll_wait
        {SYS_epoll_wait, "epoll_wait"},
#endif
    };
    const auto found = names.find(number);
    return found != names.end() ? found->second : "call " + std::to_string(number);
}

bool waits_for_events(std::uint64_t number) {
#ifdef SYS_epoll_wait
    if (number == SYS_epoll_wait) return true;
#endif
    return number == SYS_epoll_pwait || number == SYS_epoll_pwait2;
}

bool sends_with_more(const __ptrace_syscall_info& info) {
    const auto& entry = info.entry;
    return (entry.nr == SYS_sendto && (entry.args[3] & MSG_MORE) != 0) ||
           (entry.nr == SYS_sendmsg && (entry.args[2] & MSG_MORE) != 0);
}

int wait_for(int thread, int& status) {
    int found;
    do {
        found = ::waitpid(thread, &status, __WALL | __WNOTHREAD);
    } while (found < 0 && errno == EINTR);
    return found;
}

}  // namespace

std::uint64_t SyscallCounts::of(long number) const {
    const auto found = calls.find(number);
    return found != calls.end() ? found->second : 0;
}

std::uint64_t SyscallCounts::all() const {
    std::uint64_t sum = 0;
    for (const auto& [number, count] : calls) sum += count;
    return sum;
}

std::string SyscallCounts::text() const {
    std::string text;
    for (const auto& [number, count] : calls)
        text += (text.empty() ? "" : ", ") + name_of(number) + " " + std::to_string(count);
    return text;
}

SyscallCounts SyscallCounts::operator-(const SyscallCounts& before) const {
    SyscallCounts rest;
    for (const auto& [number, count] : calls)
        if (count > before.of(number)) rest.calls[number] = count - before.of(number);
    rest.sends_with_more = sends_with_more - before.sends_with_more;
    return rest;
}

SyscallCounter::SyscallCounter(const Daemon& daemon) : daemon_(daemon) {
    std::promise<bool> attached;
    std::future<bool> allowed = attached.get_future();
    tracer_ = std::thread(&SyscallCounter::follow, this, std::move(attached));
    allowed_ = allowed.get();
}

/// The tracer waits for the next call. A loop makes one each second, and for a connection at once.
SyscallCounter::~SyscallCounter() {
    done_ = true;
    try {
        connect_to(daemon_.endpoint());
    } catch (const std::system_error&) {  // the daemon is gone, which others will tell
    }
    tracer_.join();
}

SyscallCounts SyscallCounter::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

/// Only the thread that has attached may ask and tell the kernel about the traced ones.
void SyscallCounter::follow(std::promise<bool> allowed) {
    const bool attached = attach();
    allowed.set_value(attached);
    while (attached && !done_) {
        int status = 0;
        const int thread = wait_for(-1, status);
        if (thread < 0) return;
        const std::lock_guard lock(mutex_);
        on_stop(thread, status);
    }
    detach();
}

bool SyscallCounter::attach() {
    const std::string process = "/proc/" + std::to_string(daemon_.child().pid());
    for (const auto& entry : std::filesystem::directory_iterator(process + "/task")) {
        const int thread = std::stoi(entry.path().filename());
        if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) != 0) {
            if (errno == ESRCH) continue;  // it has just ended
            return false;
        }
        threads_.insert(thread);
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
        int status = 0;
        if (wait_for(thread, status) == thread) on_stop(thread, status);
    }
    return true;
}

/// A thread must have stopped before it can be let go.
void SyscallCounter::detach() {
    for (const int thread : threads_) {
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
        int status = 0;
        if (wait_for(thread, status) == thread && WIFSTOPPED(status))
            ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
    }
}

void SyscallCounter::on_stop(int thread, int status) {
    if (!WIFSTOPPED(status)) {
        threads_.erase(thread);
        return;
    }
    const int signal = WSTOPSIG(status);
    const bool ours = signal == (SIGTRAP | 0x80) || status >> 16 != 0;
    if (signal == (SIGTRAP | 0x80)) on_syscall(thread);
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, ours ? 0 : signal);
}

void SyscallCounter::on_syscall(int thread) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    if (waits_for_events(info.entry.nr)) loops_.insert(thread);
    if (!loops_.contains(thread)) return;
    ++counts_.calls[static_cast<long>(info.entry.nr)];
    if (sends_with_more(info)) ++counts_.sends_with_more;
}

}  // namespace basehttp
