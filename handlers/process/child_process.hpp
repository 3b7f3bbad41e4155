// A program as our child: how it is started, what it gets, how it ends.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "handlers/process/script_limits.hpp"
#include "server/fd.hpp"

namespace basehttp {

class RunningScript;

/// What a child gets. All else: the caller's user, umask (the administrator chose it, with UMask=
/// or in a shell) and session; signals at default; its own process group; no other descriptors; no
/// core files; at most 1024 descriptors unless it raises that itself; no privileges by exec
/// (no_new_privs). It dies with the thread that started it (PR_SET_PDEATHSIG): one of the
/// spawner's, which last (spawner.hpp), or else the caller's, which must stay until the end.
struct SpawnRequest {
    std::string program;                                    ///< absolute path
    std::vector<std::string> arguments;                     ///< argv[0] included
    const std::vector<std::string>* environment = nullptr;  ///< "NAME=value"; nullptr: empty
    int in = -1, out = -1, err = -1;  ///< become 0, 1, 2; any numbers; -1: /dev/null
    int directory = -1;               ///< to work in; O_PATH is enough
    std::string directory_path;       ///< the same by name, when `directory` is -1; empty: ours
    /// Memory is RLIMIT_DATA, the private writable memory of each process (Linux 4.7), and not
    /// RLIMIT_AS: Go, Java and V8 reserve far more addresses than they use. Processes is
    /// RLIMIT_NPROC, which counts all of our user and does not bind root: what that user runs now
    /// is added. Zero here what a cgroup holds (ScriptCgroups::Leaf::set).
    ScriptLimits limits;
    int sandbox = -1;       ///< Landlock ruleset
    int cgroup = -1;        ///< directory of a cgroup (v2) in which it starts, where the kernel can
    int cgroup_procs = -1;  ///< cgroup.procs of the same, written to where it cannot
};

struct ChildEnd {
    int status = 0;  ///< as of wait(2)
    std::chrono::microseconds user{}, system{};
    /// Most resident memory, of the child or a descendant that it waited for. 0: not more than our
    /// own, which the kernel takes for the child's until exec, so that nobody can tell.
    /// A child borrows our memory until exec, and the kernel counts that: what is less than our own
    /// peak is only known to be not more.
    bool peak_is_exact = false;
    long peak_kib = 0;
};

/// A running child, until it is reaped. One thread at a time. The destructor kills its process
/// group and waits for the child itself.
///
/// Why not posix_spawn: it can set neither rlimits nor no_new_privs nor Landlock nor a cgroup, and
/// reports a failed exec without saying which step failed. This does what it does inside: a child
/// that borrows our memory until exec, so the cost does not grow with ours.
class ChildProcess {
  public:
    /// Blocks until the program runs, which the caller's Landlock does not hold if there is a
    /// spawner. Any thread, also several at once. Throws std::system_error
    /// with the errno of the step that failed and its name in what(): "exec", "chdir", "Landlock",
    /// "cgroup", "limits", "clone" ...
    static ChildProcess spawn(const SpawnRequest& request);

    ChildProcess(ChildProcess&&) noexcept;
    ChildProcess& operator=(ChildProcess&&) noexcept;
    ~ChildProcess();

    int pid() const { return pid_; }
    /// Readable when the child has ended, reaped or not.
    int pidfd() const { return pidfd_.get(); }

    /// To all of its process group; to nobody once it was reaped.
    void signal_group(int number) const;

    /// Has ended; true for good.
    bool ended() const;

    /// How it ended, once; then the pid is free for others. Nothing while it runs. A status that
    /// somebody else took is told as 0.
    std::optional<ChildEnd> reap();

  private:
    static ChildProcess spawn_here(const SpawnRequest& request);
    ChildProcess(int pid, Fd pidfd, std::unique_ptr<RunningScript> entry);
    void end_now() noexcept;

    int pid_ = -1;
    Fd pidfd_;
    std::unique_ptr<RunningScript> entry_;  // nullptr: reaped
};

}  // namespace basehttp
