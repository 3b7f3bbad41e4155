#include "handlers/process/process_handle.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "handlers/process/running_scripts.hpp"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace basehttp {

using std::chrono::steady_clock;

/// Holds exactly this process; empty if it is gone.
Fd open_process(const ProcessStat& process) {
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    if (!fd) return fd;
    const auto now = read_process(process.pid);
    return now && now->same_process(process) ? std::move(fd) : Fd();
}

void send_signal(const ProcessStat& process, int number) {
    const Fd fd = open_process(process);
    if (fd) ::syscall(SYS_pidfd_send_signal, fd.get(), number, nullptr, 0);
}

void wait_for_end(const ProcessStat& process, steady_clock::time_point until) {
    const Fd fd = open_process(process);
    if (!fd) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    pollfd poll_fd{fd.get(), POLLIN, 0};
    ::poll(&poll_fd, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
}

/// A script is in the list before it can be seen to have ended, and until it was waited for. So a
/// process that has ended, is held by a pidfd and is not in the list is no script and becomes none.
bool reap_if_orphan(int pid) {
    const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return errno == ESRCH;
    constexpr auto by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD, Linux 5.4
    const auto id = static_cast<id_t>(fd.get());
    siginfo_t info{};
    const int options = WEXITED | WNOHANG | __WALL;
    if (::waitid(by_pidfd, id, &info, options | WNOWAIT) != 0) return true;
    if (info.si_pid == 0 || running_script(pid).serial != 0) return false;
    ::waitid(by_pidfd, id, &info, options);
    return true;
}

}  // namespace basehttp
