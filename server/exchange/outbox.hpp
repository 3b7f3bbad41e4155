// Where a handler's answer goes: a bounded queue between one handler and its connection's loop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "server/api.hpp"
#include "server/exchange/send_queue.hpp"

namespace basehttp {

/// The client is gone or reads too slowly, or the server is stopping: the answer cannot be
/// delivered. Python's BrokenPipeError. Thrown into the handler that writes; ends its request only.
class BASEHTTP_API BrokenPipe : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Part of a Request. A handler writes by its ResponseWriter, which knows about framing; this queue
/// takes bytes as they go out. One handler's and one loop's, under a lock.
class BASEHTTP_API Outbox {
  public:
    /// Handler side. Queues a piece; waits while more than `mark` bytes are unsent that this answer
    /// alone keeps in memory (shared bytes and files do not count), unless `may_wait` is off.
    /// Throws BrokenPipe after cancel().
    void push(Segment segment);
    /// Handler side. Lets the loop send what is queued.
    void flush();

    /// Loop side. Moves what is queued to `queue`. Whether anything was there.
    bool take(SendQueue& queue);
    /// Loop side. `queue` was sent: a waiting handler goes on.
    void drained();
    /// Loop side. The peer is gone: pieces are dropped from now on and push() throws.
    void cancel();

    /// Whether a push of more than a little would wait. Any thread.
    bool is_full();
    /// Whether anything was ever pushed. Any thread.
    bool begun();
    /// Whether the answer is for nobody any more. Any thread.
    bool cancelled();

    /// Handler side, for a handler that waits for other things too: `wake` is called, on the loop's
    /// thread and without blocking, when there is room again and when the client is gone. Empty:
    /// no more calls after this one returns.
    void set_wake(std::function<void()> wake);

    /// Called by flush() on the handler's thread, to wake the loop.
    std::function<void()> on_flush;
    /// Off when the handler runs on the loop's own thread, which alone could drain.
    bool may_wait = true;

    static constexpr std::uint64_t mark = 256u << 10;  ///< bytes

  private:
    std::mutex mutex_;  // guards all below
    std::condition_variable drained_;
    std::vector<Segment> queued_;
    std::uint64_t unsent_memory_ = 0;  // bytes of text, taken but not drained ones included
    std::uint64_t taken_memory_ = 0;
    bool begun_ = false;
    bool cancelled_ = false;
    std::function<void()> wake_;
};

}  // namespace basehttp
