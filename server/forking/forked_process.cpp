#include "server/forking/forked_process.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
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
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

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
    sigset_t every, before;
    sigfillset(&every);
    ::pthread_sigmask(SIG_SETMASK, &every, &before);  // until the child has its own handlers
    pid_ = ::fork();
    if (pid_ == 0) {
        become_child(parent);
        run_and_exit(body);
    }
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
    ::setpgid(pid_, pid_);  // here too: whoever is first
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (pidfd_) return;
    const std::system_error no_pidfd(errno, std::generic_category(), "pidfd_open");
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw no_pidfd;
}

ForkedProcess::~ForkedProcess() {
    if (reaped_) return;
    signal(SIGKILL);
    wait(WEXITED);
}

void ForkedProcess::signal(int number) const {
    if (!reaped_ && ::kill(-pid_, number) != 0) ::kill(pid_, number);
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
