#pragma once

#include <atomic>
#include <cstdint>

#include "server/clock.hpp"

namespace basehttp {

/// Time that passes only when a test says so. A loop looks at it when it wakes: touch the server
/// after advance(), see TestServer::advance. Any thread.
class ManualClock final : public Clock {
  public:
    std::chrono::microseconds monotonic() const override {
        return std::chrono::microseconds(now_.load());
    }
    std::time_t wall() const override {
        return 1'800'000'000 + static_cast<std::time_t>(now_.load() / 1'000'000);
    }
    void advance(Milliseconds by) {
        now_ += std::chrono::duration_cast<std::chrono::microseconds>(by).count();
    }

  private:
    std::atomic<std::int64_t> now_{1'000'000};
};

}  // namespace basehttp
