// What the processes of a script may use.
#pragma once

#include <chrono>
#include <cstdint>

namespace basehttp {

/// 0: no such limit.
struct ScriptLimits {
    std::uint64_t memory = 0;     ///< bytes, each process; the whole run where there is a cgroup
    unsigned processes = 0;       ///< at once, in one run
    std::chrono::seconds cpu{0};  ///< each process
};

}  // namespace basehttp
