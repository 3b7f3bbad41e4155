// The child's side of ChildProcess::spawn: from clone to exec, in memory borrowed from its parent.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace basehttp {

constexpr std::uint64_t all_signals = ~std::uint64_t{0};

/// All that the child needs, made by the parent before clone; what it reports back is at the end.
struct ChildSetup {
    struct Limit {
        int resource = -1;
        rlimit value{};
    };

    const char* program = nullptr;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    int standard[3] = {-1, -1, -1};  ///< become 0, 1, 2
    int directory = -1;
    const char* directory_path = nullptr;  ///< nullptr: none
    int sandbox = -1;
    int cgroup_procs = -1;
    std::uint64_t ignored_signals = all_signals;  ///< to be at default: bit 0 is signal 1
    int parent = 0;
    Limit limits[5];  ///< those with a resource

    const char* failed_step = nullptr;
    int error = 0;
};

/// What the new process runs: becomes the program, or notes what failed and exits; never returns
/// (and does not say so: sanitizers would prepare for it in the caller). Makes only system calls:
/// no lock, no allocation and no handler of the parent may run here. `setup` is a ChildSetup.
int become_program(void* setup) noexcept;

}  // namespace basehttp
