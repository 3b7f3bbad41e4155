// A client's connection, whatever is spoken on it: what its loop does with it.
#pragma once

#include <chrono>

#include "server/event_loop.hpp"

namespace basehttp {

/// Owned by its HttpLoop, loop thread only. One object a phase: the TLS handshake is one, the
/// requests after it another, on the same socket and in the same slot.
class Connection : public Watcher {
  public:
    explicit Connection(int slot) : slot_(slot) {}

    /// Called once when its loop has it. Its socket may not be watched yet: what is there is dealt
    /// with, and a connection that is over after that was spared the watching.
    virtual void start() = 0;
    /// Acts on what took too long. Once a tick.
    virtual void check_deadline(std::chrono::microseconds now) = 0;
    /// The loop has new settings, which hold from the next request on.
    virtual void settings_changed() = 0;
    /// Finishes what is in progress, then closes; closes at once when idle.
    virtual void drain() = 0;
    /// The time to finish is over.
    virtual void cut() = 0;
    /// Tells a client that waits for an answer that none can be made, if that costs no memory.
    virtual void apologize() noexcept {}
    /// Drops everything.
    virtual void abort() = 0;

    /// Where its loop keeps it: the number of its socket.
    int slot() const { return slot_; }
    bool watched = false;  ///< Its loop's.

  private:
    const int slot_;
};

}  // namespace basehttp
