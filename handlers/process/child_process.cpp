#include "handlers/process/child_process.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "handlers/process/child_setup.hpp"
#include "handlers/process/process_list.hpp"
#include "handlers/process/running_scripts.hpp"
#include "handlers/process/spawner.hpp"
#include "server/fd.hpp"

// The same function as clone(), but under a name that sanitizers do not take for a fork.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...) noexcept;

namespace basehttp {
namespace {

using std::chrono::microseconds;

/// The stack on which a child runs until exec: one per thread, used again.
class ChildStack {
  public:
    ChildStack() {
        void* memory = ::mmap(nullptr, guard + size, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
        memory_ = static_cast<char*>(memory);
        ::mprotect(memory_ + guard, size, PROT_READ | PROT_WRITE);
    }
    ~ChildStack() { ::munmap(memory_, guard + size); }
    ChildStack(const ChildStack&) = delete;
    ChildStack& operator=(const ChildStack&) = delete;

    char* low() const { return memory_ + guard; }
    char* top() const { return memory_ + guard + size; }

    static constexpr std::size_t guard = 64u << 10;  // a page, however large pages are
    static constexpr std::size_t size = 64u << 10;

  private:
    char* memory_;
};

/// All signals blocked for a while, also those that glibc keeps for itself: while the child borrows
/// our memory no handler may run in it.
class BlockedSignals {
  public:
    BlockedSignals() {
        const unsigned long all[2] = {~0ul, ~0ul};
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, old_, 8);
    }
    ~BlockedSignals() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, old_, nullptr, 8); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

  private:
    unsigned long old_[2] = {};
};

[[noreturn]] void fail(int error, const char* step) {
    throw std::system_error(error, std::generic_category(), step);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

rlimit both(rlim_t value) { return {value, value}; }

/// At most what we may have ourselves.
rlimit within(int resource, rlim_t soft, rlim_t hard) {
    rlimit ours{};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &ours);
    return {std::min(soft, ours.rlim_max), std::min(hard, ours.rlim_max)};
}

void prepare_limits(const ScriptLimits& limits, ChildSetup& setup) {
    auto* next = setup.limits;
    *next++ = {RLIMIT_CORE, both(0)};
    // The daemon raised its own; select() in a program breaks above 1024.
    *next++ = {RLIMIT_NOFILE, within(RLIMIT_NOFILE, 1024, RLIM_INFINITY)};
    if (limits.memory > 0) {
        *next++ = {RLIMIT_DATA, within(RLIMIT_DATA, limits.memory, limits.memory)};
    }
    if (limits.cpu.count() > 0) {  // SIGXCPU, and SIGKILL for those that ignore it
        const auto seconds = static_cast<rlim_t>(limits.cpu.count());
        *next++ = {RLIMIT_CPU, within(RLIMIT_CPU, seconds, seconds + 1)};
    }
    if (limits.processes > 0) {
        const rlim_t tasks = count_user_tasks() + limits.processes;
        *next++ = {RLIMIT_NPROC, within(RLIMIT_NPROC, tasks, tasks)};
    }
}

/// A child with default signal handlers, and in the cgroup (unless -1) from its first moment.
/// Moving it there later would make it wait until all processors have passed a quiet point, often
/// for milliseconds. -1 and errno ENOSYS: not here.
int clone_with_clone3(int cgroup, const ChildStack& stack, ChildSetup& setup, int& pidfd,
                      int* tid) {
#if (defined(__x86_64__) || defined(__aarch64__)) && defined(CLONE_INTO_CGROUP)
    clone_args args{};
    args.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CHILD_SETTID | CLONE_CLEAR_SIGHAND;
    if (cgroup >= 0) args.flags |= CLONE_INTO_CGROUP;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.child_tid = reinterpret_cast<std::uintptr_t>(tid);
    args.exit_signal = SIGCHLD;
    args.stack = reinterpret_cast<std::uintptr_t>(stack.low());
    args.stack_size = ChildStack::size;
    args.cgroup = cgroup >= 0 ? static_cast<std::uint64_t>(cgroup) : 0;
    int (*const function)(void*) noexcept = become_program;
    long result = 0;
#if defined(__x86_64__)
    asm volatile(
        "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\t"
        "mov %%rbx, %%rdi\n\tcall *%%rdx\n\thlt\n1:"
        : "=a"(result)
        : "0"(long{SYS_clone3}), "D"(&args), "S"(sizeof args), "d"(function), "b"(&setup)
        : "rcx", "r11", "memory", "cc");
#else
    register long number asm("x8") = SYS_clone3;
    register void* x0 asm("x0") = &args;
    register std::size_t x1 asm("x1") = sizeof args;
    register int (*x9)(void*) noexcept asm("x9") = function;
    register void* x10 asm("x10") = &setup;
    asm volatile("svc #0\n\tcbnz x0, 1f\n\tmov x0, x10\n\tblr x9\n\tbrk #1\n1:"
                 : "+r"(x0)
                 : "r"(number), "r"(x1), "r"(x9), "r"(x10)
                 : "memory", "cc");
    result = reinterpret_cast<long>(x0);
#endif
    if (result > 0) return static_cast<int>(result);
    errno = static_cast<int>(-result);
#else
    static_cast<void>(cgroup), static_cast<void>(stack), static_cast<void>(setup);
    static_cast<void>(pidfd), static_cast<void>(tid);
    errno = ENOSYS;
#endif
    return -1;
}

constexpr std::uint64_t signal_bit(int number) { return std::uint64_t{1} << (number - 1); }

/// What a child with CLONE_CLEAR_SIGHAND may find ignored: signals that programs and shells like to
/// ignore, and those that were when the first child was started. Asking for all 64 each time would
/// cost more than the rest of the child's set-up.
std::uint64_t ignored_signals() {
    static const std::uint64_t ignored = [] {
        std::uint64_t set = 0;
        for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1,
                                 SIGUSR2, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH})
            set |= signal_bit(number);
        for (int number = 1; number < NSIG; ++number) {
            struct sigaction action {};
            if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
                set |= signal_bit(number);
        }
        return set;
    }();
    return ignored;
}

/// Returns when the child has become the program or has failed. Its pid; -1 and errno.
int clone_child(const SpawnRequest& request, ChildSetup& setup, int& pidfd, int* tid) {
    thread_local const ChildStack stack;
    const BlockedSignals blocked;
    setup.ignored_signals = ignored_signals();
    if (request.cgroup < 0) setup.cgroup_procs = request.cgroup_procs;
    const int pid = clone_with_clone3(request.cgroup, stack, setup, pidfd, tid);
    // ENOSYS, EPERM: seccomp; E2BIG, EINVAL: kernels before 5.7
    const bool cannot = errno == ENOSYS || errno == EPERM || errno == E2BIG || errno == EINVAL;
    if (pid > 0 || !cannot || (request.cgroup >= 0 && request.cgroup_procs < 0)) return pid;
    setup.ignored_signals = all_signals;
    setup.cgroup_procs = request.cgroup_procs;
    return ::__clone(become_program, stack.top(),
                     CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CHILD_SETTID | SIGCHLD, &setup,
                     &pidfd, nullptr, tid);
}

microseconds duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + microseconds(time.tv_usec);
}

/// Our own most resident memory, in KiB.
long own_peak() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

ChildProcess ChildProcess::spawn(const SpawnRequest& request) {
    return unconfined([&request] { return spawn_here(request); });
}

ChildProcess ChildProcess::spawn_here(const SpawnRequest& request) {
    static const std::vector<std::string> nothing;
    const auto arguments = pointers(request.arguments);
    const auto environment = pointers(request.environment ? *request.environment : nothing);
    ChildSetup setup;
    setup.program = request.program.c_str();
    setup.arguments = arguments.data();
    setup.environment = environment.data();
    setup.directory = request.directory;
    if (!request.directory_path.empty()) setup.directory_path = request.directory_path.c_str();
    setup.sandbox = request.sandbox;
    setup.parent = ::getpid();
    Fd null;
    if (request.in < 0 || request.out < 0 || request.err < 0) {
        null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!null) fail(errno, "/dev/null");
    }
    const int wanted[3] = {request.in, request.out, request.err};
    for (int i = 0; i < 3; ++i) setup.standard[i] = wanted[i] >= 0 ? wanted[i] : null.get();
    prepare_limits(request.limits, setup);

    auto entry = std::make_unique<RunningScript>();
    int pidfd = -1;
    const int pid = clone_child(request, setup, pidfd, entry->pid_address());
    if (pid < 0) fail(errno, "clone");
    ChildProcess child(pid, Fd(pidfd), std::move(entry));
    if (setup.failed_step != nullptr) fail(setup.error, setup.failed_step);
    return child;
}

ChildProcess::ChildProcess(int pid, Fd pidfd, std::unique_ptr<RunningScript> entry)
    : pid_(pid), pidfd_(std::move(pidfd)), entry_(std::move(entry)) {}

ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this == &other) return *this;
    end_now();
    pid_ = other.pid_;
    pidfd_ = std::move(other.pidfd_);
    entry_ = std::move(other.entry_);
    return *this;
}

ChildProcess::~ChildProcess() { end_now(); }

/// A child that even SIGKILL cannot end now (it waits for a dead disk) is left to reap_orphans().
void ChildProcess::end_now() noexcept {
    if (!entry_) return;
    signal_group(SIGKILL);
    pollfd poll_fd{pidfd_.get(), POLLIN, 0};
    while (::poll(&poll_fd, 1, 5'000) < 0 && errno == EINTR) {
    }
    reap();
    entry_.reset();
}

void ChildProcess::signal_group(int number) const {
    if (entry_) signal_script_group(entry_->serial(), number);
}

bool ChildProcess::ended() const {
    if (!entry_) return true;
    siginfo_t info{};
    const int done = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return done != 0 || info.si_pid != 0;
}

std::optional<ChildEnd> ChildProcess::reap() {
    if (!entry_) return std::nullopt;
    ChildEnd end;
    rusage usage{};
    const int pid = entry_->wait(end.status, usage);
    if (pid == 0) return std::nullopt;
    entry_.reset();
    if (pid < 0) return ChildEnd{};
    end.user = duration(usage.ru_utime);
    end.system = duration(usage.ru_stime);
    end.peak_kib = usage.ru_maxrss;
    end.peak_is_exact = usage.ru_maxrss > own_peak();
    return end;
}

}  // namespace basehttp
