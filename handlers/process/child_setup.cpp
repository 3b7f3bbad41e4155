#include "handlers/process/child_setup.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

// Sanitizers keep a record of each thread's calls, which a function that never returns would leave
// behind in the parent: none of the functions here may be instrumented.
#if defined(__clang__)
#define BASEHTTP_IN_CHILD __attribute__((disable_sanitizer_instrumentation, no_stack_protector))
#else
#define BASEHTTP_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

namespace basehttp {
namespace {

/// syscall() notes errors in errno: our parent's thread, which waits meanwhile, has lost nothing.
template <class... Arguments>
BASEHTTP_IN_CHILD long call(long number, Arguments... arguments) noexcept {
    return ::syscall(number, arguments...);
}

[[noreturn]] BASEHTTP_IN_CHILD void fail(ChildSetup& setup, const char* step) noexcept {
    setup.error = errno;
    setup.failed_step = step;
    for (;;) call(SYS_exit_group, 127);
}

/// Ours for the parent's signals: handlers would run in its memory, and ignored ones would stay
/// ignored in the program (SIGPIPE, for one).
BASEHTTP_IN_CHILD void default_signals(const ChildSetup& setup) noexcept {
    static constexpr unsigned long nothing[8] = {};  // the kernel's sigaction: SIG_DFL
    constexpr int last = 64;
    for (int number = 1; number <= last; ++number) {
        if (number == SIGKILL || number == SIGSTOP) continue;
        if ((setup.ignored_signals >> (number - 1) & 1) == 0) continue;
        call(SYS_rt_sigaction, number, nothing, nullptr, last / 8);
    }
}

BASEHTTP_IN_CHILD void empty_signal_mask() noexcept {
    static constexpr unsigned long none[2] = {};
    call(SYS_rt_sigprocmask, SIG_SETMASK, none, nullptr, 8);
}

/// Dies with the parent, also with one that died before it could be asked for.
BASEHTTP_IN_CHILD void die_with(ChildSetup& setup) noexcept {
    if (call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail(setup, "pdeathsig");
    if (call(SYS_getppid) != setup.parent) fail(setup, "parent");
}

BASEHTTP_IN_CHILD void set_limits(ChildSetup& setup) noexcept {
    for (auto& limit : setup.limits) {
        if (limit.resource < 0) continue;
        const rlim64_t values[2] = {limit.value.rlim_cur, limit.value.rlim_max};
        if (call(SYS_prlimit64, 0, limit.resource, values, nullptr) != 0) fail(setup, "limits");
    }
}

BASEHTTP_IN_CHILD void enter_directory(ChildSetup& setup) noexcept {
    if (setup.directory >= 0) {
        if (call(SYS_fchdir, setup.directory) != 0) fail(setup, "chdir");
    } else if (setup.directory_path != nullptr) {
        if (call(SYS_chdir, setup.directory_path) != 0) fail(setup, "chdir");
    }
}

/// Numbers below 3 that are needed elsewhere move up first, so that nothing is overwritten.
BASEHTTP_IN_CHILD void place_descriptors(ChildSetup& setup) noexcept {
    for (int target = 0; target < 3; ++target) {
        int& fd = setup.standard[target];
        if (fd == target || fd > 2) continue;
        fd = static_cast<int>(call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
        if (fd < 0) fail(setup, "descriptors");
    }
    for (int target = 0; target < 3; ++target) {
        const int fd = setup.standard[target];
        const long done =
            fd == target ? call(SYS_fcntl, fd, F_SETFD, 0) : call(SYS_dup3, fd, target, 0);
        if (done < 0) fail(setup, "descriptors");
    }
}

/// What we open is close-on-exec anyway; this is for what we inherited without that, in low
/// numbers, which is all that kernels before 5.9 get closed.
BASEHTTP_IN_CHILD void close_others() noexcept {
    if (call(SYS_close_range, 3u, ~0u, 0u) == 0) return;
    for (int fd = 3; fd < 1024; ++fd) call(SYS_close, fd);
}

}  // namespace

// The order: what needs our descriptors or our rights comes before what takes them away.
BASEHTTP_IN_CHILD int become_program(void* argument) noexcept {
    ChildSetup& setup = *static_cast<ChildSetup*>(argument);
    die_with(setup);
    if (call(SYS_setpgid, 0, 0) != 0) fail(setup, "process group");
    default_signals(setup);
    if (setup.cgroup_procs >= 0 && call(SYS_write, setup.cgroup_procs, "0", 1) != 1) {
        fail(setup, "cgroup");
    }
    enter_directory(setup);
    if (call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(setup, "no_new_privs");
    if (setup.sandbox >= 0 && call(SYS_landlock_restrict_self, setup.sandbox, 0u) != 0) {
        fail(setup, "Landlock");
    }
    place_descriptors(setup);
    close_others();
    set_limits(setup);
    empty_signal_mask();
    call(SYS_execve, setup.program, setup.arguments, setup.environment);
    fail(setup, "exec");
}

}  // namespace basehttp
