// The files of the cgroup (v2) file system.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "handlers/process/script_limits.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// Where the cgroup of a process is in the file system, from the texts of /proc/PID/cgroup and
/// /proc/PID/mountinfo. Empty if it cannot be reached.
std::string cgroup_directory(std::string_view cgroup, std::string_view mountinfo);

/// The same for this process.
std::string own_cgroup();

/// The content; empty if it cannot be read.
std::string read_cgroup(int fd);

/// Writes to the file `name` in a directory. False with errno.
bool write_cgroup(int directory, const std::string& name, std::string_view text);

/// Whether a word is in a list with spaces between.
bool has_word(std::string_view list, std::string_view word);

/// Removes a cgroup with all below it, as far as they are empty.
void remove_cgroup(const std::string& path);

/// One open cgroup of a run.
struct LeafFiles {
    std::string path;
    Fd directory, procs, events;
    Fd kill;  ///< empty before Linux 5.14
    bool memory = false, pids = false;
    bool killed = false;
    ScriptLimits limits;  ///< as they are set

    /// Throws std::system_error.
    static std::unique_ptr<LeafFiles> make(const std::string& path);

    /// No living process, nor in what was made below.
    bool empty() const;
    /// Whether a script made cgroups in it.
    bool divided() const;
    /// Whether another run may use it: never again after kill_all(), since some kernels (6.18 for
    /// one) kill what is cloned into a cgroup that was ever killed.
    bool usable() const { return !killed && empty() && !divided(); }
    /// Kills what is left, if anything.
    void clear();
    void signal_all(int number) const;
    /// SIGKILL by one write; where the kernel cannot, process by process while all are frozen.
    void kill_all();
    void kill_one_by_one() const;
};

}  // namespace basehttp
