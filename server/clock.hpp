// Time as the server sees it: moved by hand in tests.
#pragma once

#include <chrono>
#include <ctime>

#include "server/api.hpp"

namespace basehttp {

using Milliseconds = std::chrono::milliseconds;  ///< Of all deadlines.

/// Any thread. Tests derive to move time by hand; deadlines, cache checks and log times of a loop
/// ask only it. What compares with the times of files, or is Python's, asks the system.
class BASEHTTP_API Clock {
  public:
    virtual ~Clock() = default;
    /// Since some fixed point; never steps back. Deadlines are compared with it.
    virtual std::chrono::microseconds monotonic() const {
        return std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now().time_since_epoch());
    }
    /// Seconds since the epoch, for Date and logs.
    virtual std::time_t wall() const { return std::time(nullptr); }

    /// The machine's own.
    static const Clock& system() {
        static const Clock clock;
        return clock;
    }
};

}  // namespace basehttp
