// All processes of one run of a script, also those that left its process group and lost their
// parents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "server/api.hpp"

namespace basehttp {

/// Makes orphans of scripts our children instead of init's, so that they can be found and ended.
/// Once, in main, before threads and before no_new_privs; keeps a descriptor. False: the kernel
/// refused.
/// Processes that are our children by then, or enter a container of which we are PID 1, are never
/// taken for scripts' unless no_new_privs tells that they are.
BASEHTTP_API bool become_subreaper();

/// Whether that was done.
BASEHTTP_API bool is_subreaper();

/// Our child `pid` is neither a script nor of one, and not to be waited for here: the last one that
/// was named so. While one is being started, name every_child. Any thread.
BASEHTTP_API void set_apart(int pid);
constexpr int every_child = -1;  ///< For set_apart().

/// Waits for orphans that have ended, so that no zombie stays; never for a ChildProcess. Any
/// thread; does not block. Cheap when there is none: call it as often as runs end.
BASEHTTP_API void reap_orphans();

/// The processes of a run: the script, everything that descends from it, and orphans that are
///  - in the script's process group, or
///  - have `UNIQUE_ID=` with the run's id in their environment, or
///  - show no known id, and every other run that could have started them has ended.
/// Zombies do not count. Needs become_subreaper(); without it orphans are not seen.
///
/// Make it after ChildProcess::spawn and before reap(); it may outlive the child. Its life is the
/// time in which "the run" could own something. Any thread. Costs a read of /proc/self while
/// nothing is left, otherwise a look at each process in /proc.
///
/// No signal can hit a stranger whose pid was reused: each goes through a pidfd whose process was
/// seen to be the right one.
class BASEHTTP_API ProcessTree {
  public:
    /// `script_pid`: of the ChildProcess; `unique_id`: what its environment says of it.
    ProcessTree(int script_pid, std::string unique_id);
    ProcessTree(const ProcessTree&) = delete;
    ProcessTree& operator=(const ProcessTree&) = delete;
    ~ProcessTree();

    /// Whether any process of the run lives. Reaps orphans.
    bool anything_left() const;

    /// Signals every process of the run that one look finds, and returns how many that were. With
    /// SIGTERM those that are stopped go on, or they would not see it. SIGKILL looks until it finds
    /// no more, so that nothing escapes by forking, waits until they are gone, at most about a
    /// second, and returns how many live then: call it again if any.
    std::size_t signal_all(int number) const;

    struct Run;

  private:
    std::size_t signal_here(int number) const;

    std::shared_ptr<const Run> run_;
};

}  // namespace basehttp
