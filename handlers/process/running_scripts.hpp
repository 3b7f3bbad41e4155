// Which of our children are scripts that have not been waited for.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace basehttp {

/// An entry of the list of running scripts, one list per process. Made before the child is, so that
/// nobody who finds the child ended can miss that it is a script; the kernel writes the pid.
class RunningScript {
  public:
    RunningScript();
    ~RunningScript();  ///< after the child was reaped, or was none, or is given up
    RunningScript(const RunningScript&) = delete;
    RunningScript& operator=(const RunningScript&) = delete;

    /// Written by the child itself as soon as it is there (CLONE_CHILD_SETTID).
    int* pid_address() { return &pid_; }

    /// wait4(WNOHANG): 0 while it runs, its pid once, -1. After that it is not in the list.
    int wait(int& status, rusage& usage);

    int pid() const;
    std::uint64_t serial() const { return serial_; }
    std::uint64_t start() const { return start_; }

  private:
    alignas(8) int pid_ = 0;
    std::uint64_t serial_;  // from 1, no two alike
    std::uint64_t start_;   // not later than the child's; see process_clock()
};

/// 0: no script with that pid runs or waits for being reaped.
struct ScriptMark {
    std::uint64_t serial = 0;
    std::uint64_t start = 0;
};
ScriptMark running_script(int pid);

/// Whether a script other than that of `serial` was running, or being started, at `start`.
bool other_script_may_own(std::uint64_t serial, std::uint64_t start);

/// Signals the process group of a script as long as that is in the list, so that its number is
/// nobody else's. False if it is not.
bool signal_script_group(std::uint64_t serial, int number);

/// SIGKILL to the process group of each script, for an end that waits for nothing.
void kill_running_scripts();

/// When the first script of this process started, in ticks; 0: none has.
std::uint64_t first_script_start();

/// Now, as /proc/PID/stat tells start times: clock ticks since the machine started.
std::uint64_t process_clock();

}  // namespace basehttp
