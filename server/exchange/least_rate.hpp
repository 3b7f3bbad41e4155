// Whether a client keeps up a least rate of bytes while it is the one that is waited for.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace basehttp {

/// Bytes buy time: n of them, n divided by the rate; a transfer begins with five seconds. Time runs
/// only while the client is waited for, and when none is left it is too slow. No more than `most`
/// can be saved up, so a fast beginning does not pay for a slow rest. One transfer after the other;
/// times are of one monotonic clock.
class LeastRate {
  public:
    using Time = std::chrono::microseconds;
    static constexpr Time grace = std::chrono::seconds(5);

    /// A transfer begins, or there is none any more. Nobody is waited for.
    void reset() { *this = {}; }
    /// From now on the client is waited for; more than once does nothing.
    void wait(Time now) {
        if (waiting_) return;
        waiting_ = true;
        since_ = now;
    }
    /// No longer.
    void pause(Time now) {
        if (!waiting_) return;
        waiting_ = false;
        left_ -= now - since_;
    }
    bool waiting() const { return waiting_; }
    /// Whether the client was not waited for since the transfer began.
    bool is_fresh() const { return !waiting_ && since_ == Time{}; }
    /// It sent or took `bytes`. `rate` is not 0.
    void add(Time now, std::uint64_t bytes, std::uint64_t rate, Time most) {
        if (waiting_) {
            left_ -= now - since_;
            since_ = now;
        }
        constexpr std::uint64_t second = 1'000'000;
        const std::uint64_t whole = std::min<std::uint64_t>(bytes / rate, 1'000'000);  // 11 days
        const Time bought(static_cast<Time::rep>(whole * second + bytes % rate * second / rate));
        left_ = std::min(left_ + bought, std::max(most, grace));
    }
    bool too_slow(Time now) const { return waiting_ && now - since_ > left_; }

  private:
    Time left_ = grace;
    Time since_{};
    bool waiting_ = false;
};

}  // namespace basehttp
