#include "server/forking/forked_process.hpp"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <system_error>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

namespace basehttp {
namespace {

/// A crash may be reported by a handler of the program, in a child as well.
bool tells_of_crash(int number) {
    constexpr std::array crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    return std::find(crashes.begin(), crashes.end(), number) != crashes.end();
}

/// As exec does: handlers are the parent's, and often write into a pipe that the parent reads.
void reset_signals() {
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) != 0) continue;
        const bool handled = action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
        if (number != SIGCHLD && (!handled || tells_of_crash(number))) continue;
        action = {};
        action.sa_handler = SIG_DFL;
        ::sigaction(number, &action, nullptr);
    }
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGPIPE);  // as on any thread with handlers
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

/// What the program has printed so far is not to be printed again by a child that flushes. Not by
/// fflush(nullptr): that waits for a thread that reads from stdin.
void flush_stdout() {
    if (::ftrylockfile(stdout) != 0) return;
    ::fflush_unlocked(stdout);
    ::funlockfile(stdout);
}

/// Holds a child back until the parent can wait for it and nobody else has: an eventfd, since a
/// pipe would stay open in what other threads fork meanwhile.
class Gate {
  public:
    Gate() : fd_(::eventfd(0, EFD_CLOEXEC)) {
        if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    /// In the parent, once.
    void open(bool may_run) const {
        const std::uint64_t word = may_run ? go : stay;
        static_cast<void>(!::write(fd_.get(), &word, sizeof word));
    }
    /// In the child. Whether it may run.
    bool pass() {
        std::uint64_t word = 0;
        while (::read(fd_.get(), &word, sizeof word) < 0 && errno == EINTR) continue;
        fd_.reset();
        return word == go;
    }

  private:
    static constexpr std::uint64_t go = 1, stay = 2;
    Fd fd_;
};

void become_child(pid_t parent) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before
    reset_signals();
}

/// Nothing may get out into the parent's code.
[[noreturn]] void run_and_exit(const std::function<void()>& body) noexcept {
    try {
        body();
    } catch (...) {
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

std::string ProcessEnd::text() const {
    if (kind == Kind::unknown) return "ended, nobody knows how";
    if (kind == Kind::exited) return "ended with exit status " + std::to_string(number);
    std::string text = "ended by signal " + std::to_string(number);
    const char* const name = ::sigdescr_np(number);
    return name == nullptr ? text : text + " (" + name + ")";
}

ForkedProcess::ForkedProcess(const std::function<void()>& body) {
    const pid_t parent = ::getpid();
    Gate gate;
    flush_stdout();
    sigset_t every, before;
    sigfillset(&every);
    ::pthread_sigmask(SIG_SETMASK, &every, &before);  // until the child has its own handlers
    pid_ = ::fork();
    if (pid_ == 0) {
        become_child(parent);
        if (!gate.pass()) ::_exit(1);
        run_and_exit(body);
    }
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
    ::setpgid(pid_, pid_);  // here too: whoever is first
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    const std::system_error no_pidfd(errno, std::generic_category(), "pidfd_open");
    gate.open(bool(pidfd_));
    if (pidfd_) return;
    ::waitpid(pid_, nullptr, 0);
    throw no_pidfd;
}

ForkedProcess::~ForkedProcess() {
    if (reaped_) return;
    signal(SIGKILL);
    wait(WEXITED);
}

void ForkedProcess::signal(int number) const {
    if (reaped_) return;
    // Its number may be another's by now, if the program has waited for it: ask by the pidfd.
    const auto send = [this](int what) {
        return ::syscall(SYS_pidfd_send_signal, pidfd_.get(), what, nullptr, 0);
    };
    if (send(0) == 0 && ::kill(-pid_, number) != 0) send(number);
}

std::optional<ProcessEnd> ForkedProcess::reap() {
    return reaped_ ? std::nullopt : wait(WEXITED | WNOHANG);
}

std::optional<ProcessEnd> ForkedProcess::wait(int options) {
    constexpr auto by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD, Linux 5.4
    siginfo_t info{};
    int result;
    do {
        result = ::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, options);
    } while (result != 0 && errno == EINTR);
    if (result == 0 && info.si_pid == 0) return std::nullopt;
    reaped_ = true;
    if (result != 0) return ProcessEnd{};
    const auto kind =
        info.si_code == CLD_EXITED ? ProcessEnd::Kind::exited : ProcessEnd::Kind::signalled;
    return ProcessEnd{kind, info.si_status};
}

}  // namespace basehttp
