// What /proc tells about processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

/// /proc/PID/stat.
struct ProcessStat {
    int pid = 0;
    int parent = 0;
    int group = 0;
    bool alive = false;       ///< some thread of it; false: only waits for being reaped
    std::uint64_t start = 0;  ///< clock ticks; with the pid a name that no other process has

    bool same_process(const ProcessStat& other) const {
        return pid == other.pid && start == other.start;
    }
};

/// The text of /proc/PID/stat; nullopt if it is none.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

/// nullopt: there is no such process.
std::optional<ProcessStat> read_process(int pid);

/// All that we can see, in no order. Not one moment's picture: what forks, ends or gets another
/// parent meanwhile may be missed.
std::vector<ProcessStat> all_processes();

/// Keeps open what main_thread_children() reads.
void open_main_thread_children();

/// Children of our main thread, zombies included: adopted orphans are among them, children of other
/// threads are not. All our children where the kernel has no /proc/PID/task/TID/children.
std::vector<int> main_thread_children();

/// The initial environment of a process, each entry with NUL at its end; empty where we may not
/// look. A process can change what is shown of it.
std::string read_environment(int pid);

/// Whether it has exactly this entry ("NAME=value").
bool has_entry(std::string_view environment, std::string_view entry);

/// no_new_privs of a process.
bool has_no_new_privs(int pid);

/// Processes and threads of our user, as RLIMIT_NPROC counts them.
std::size_t count_user_tasks();

}  // namespace basehttp
