// For log lines that clients cause: they must not be able to fill a log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace basehttp {

/// Says yes at most once a minute. Any thread.
class OnceAMinute {
  public:
    /// `now` is of Clock::monotonic().
    bool operator()(std::chrono::microseconds now) {
        constexpr std::chrono::microseconds pause = std::chrono::minutes(1);
        auto last = last_.load();
        if (last != never && now.count() - last < pause.count()) return false;
        return last_.compare_exchange_strong(last, now.count());
    }

  private:
    static constexpr std::int64_t never = -1;
    std::atomic<std::int64_t> last_ = never;
};

}  // namespace basehttp
