// An event loop: one epoll set, one thread, one coarse tick.
//
// Everything registered here belongs to the thread in run(). Only post(), stop() and wake() may
// be called from other threads. Readiness is edge-triggered and registered once, so that a
// request costs its reads and writes and a share of one epoll_wait, nothing else. (Asio's reactor
// was measured at 8 % more per request: it reads until EAGAIN and queues each completion.)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "server/api.hpp"
#include "server/clock.hpp"
#include "server/fd.hpp"
#include "server/forking/parent_only.hpp"

namespace basehttp {

/// Something with a descriptor in the loop. Not owned by the loop; unwatch before destruction.
class BASEHTTP_API Watcher {
  public:
    virtual ~Watcher() = default;
    /// On the loop's thread, with EPOLL* bits.
    virtual void on_event(std::uint32_t events) = 0;
};

/// One epoll set, one thread, one coarse tick. All of it is for the thread in run(), but post() and
/// stop(), which are for any.
class BASEHTTP_API EventLoop {
  public:
    /// `clock` outlives it. Throws std::system_error for want of descriptors.
    explicit EventLoop(const Clock& clock = Clock::system());
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs until stop(). Tasks posted before the stop are run.
    void run();
    /// Handles what is ready now or within `timeout`, then returns.
    void run_once(Milliseconds timeout);
    /// Ends run(), or the next one, after the present events. Any thread.
    void stop();

    /// Runs `task` on the loop's thread soon, after the present event; those of one thread in
    /// order. Any thread.
    void post(std::function<void()> task);

    /// Starts watching with the EPOLL* bits given; throws std::system_error when the kernel
    /// refuses.
    void watch(int fd, std::uint32_t events, Watcher& watcher);
    /// Gives the events of a watched descriptor to another, who hears at once of what is ready.
    void rewatch(int fd, std::uint32_t events, Watcher& watcher);
    /// Needed before close(): a child that is just being started holds the descriptor too, and
    /// events go on until the last holder has closed it.
    void unwatch(int fd);
    /// A descriptor that belongs to the loop before it is watched, if it ever is: forked children
    /// do not get it. watch() does this, too.
    void adopt(int fd) { parent_only_.add(fd); }
    /// Ends adopt() for a descriptor that was never watched.
    void release(int fd) { parent_only_.remove(fd); }

    /// Called about once a second (`tick`) on the loop's thread.
    std::function<void()> on_tick;
    /// Calls `task` on the loop's thread about once every `interval`. Before run().
    void poll_every(Milliseconds interval, std::function<void()> task);
    /// Called on the loop's thread before it would sleep, once after each request_idle().
    std::function<void()> on_idle;
    /// Asks for one call of on_idle.
    void request_idle() { idle_requested_ = true; }

    /// The time at which the present events were fetched.
    std::chrono::microseconds now() const { return now_; }
    /// The same moment in seconds since 1970.
    std::time_t wall_time() const { return wall_; }
    /// The present Date text, 29 characters (RFC 9110 section 5.6.7), made once a second.
    std::string_view date() const { return {date_.data(), date_.size()}; }

    static constexpr Milliseconds tick{1000};  ///< The grain of deadlines.

  private:
    void control(int operation, int fd, std::uint32_t events, Watcher& watcher);
    void wait(Milliseconds timeout);
    void read_clock();
    void run_posted();
    void run_posted_here();
    void tick_if_due();
    void poll_if_due();
    Milliseconds sleep_time() const;

    const Clock& clock_;
    Fd epoll_;
    Fd wake_;  // eventfd
    /// These two, and all that is watched.
    ParentOnly parent_only_;
    std::chrono::microseconds now_{};
    std::chrono::microseconds next_tick_{}, next_poll_{std::chrono::microseconds::max()};
    Milliseconds poll_interval_{};
    std::function<void()> poll_;
    std::time_t wall_ = 0;
    std::array<char, 29> date_{};
    bool idle_requested_ = false;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::thread::id> thread_;             // in wait(), if any
    std::vector<std::function<void()>> posted_here_;  // by the loop's thread, without a wake-up
    std::mutex mutex_;                                // guards posted_
    std::vector<std::function<void()>> posted_;       // by others
};

}  // namespace basehttp
