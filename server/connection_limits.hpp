// How many connections may be open at once: in all, and from one client address.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "server/address.hpp"
#include "server/api.hpp"
#include "server/networks.hpp"

namespace basehttp {

/// One for all loops of a server. Any thread.
class BASEHTTP_API ConnectionLimits {
  public:
    /// An open connection is counted as long as its place exists. Does not outlive the limits.
    class BASEHTTP_API Place {
      public:
        Place() = default;
        Place(Place&& other) noexcept;
        Place& operator=(Place&& other) noexcept;
        ~Place();

      private:
        friend ConnectionLimits;
        ConnectionLimits* limits_ = nullptr;
        std::optional<IpNumber> address_;
    };

    ConnectionLimits() = default;
    ConnectionLimits(const ConnectionLimits&) = delete;
    ConnectionLimits& operator=(const ConnectionLimits&) = delete;

    /// `total` 0: about three quarters of the descriptors that this process may have; the rest is
    /// for files, scripts and logs. `per_address` 0: any number. What is open stays.
    void set(unsigned total, unsigned per_address);
    /// Whether one more may be accepted. False: has_room_again will be called. Loops that ask at
    /// the same time may all be told yes: at most one connection too many for each.
    bool has_room();
    /// Called on any thread by whoever leaves after has_room() was false. Set before serving.
    std::function<void()> has_room_again;
    /// How many may be open.
    std::size_t total() const { return total_; }

    /// One more connection.
    Place enter();
    /// Counts it for its client too, of IPv6 by the first 64 bits, which one customer has; clients
    /// of unix sockets are not counted. False: that client has too many, this one did not count.
    bool count_address(Place& place, const Address& client);
    /// How many client addresses have a connection that counts.
    std::size_t addresses();

  private:
    void leave(const Place& place);

    std::atomic<std::size_t> total_ = static_cast<std::size_t>(-1), open_ = 0;
    std::atomic<bool> waited_for_ = false;  // has_room() was false
    std::atomic<unsigned> per_address_ = 0;
    std::mutex mutex_;
    std::map<IpNumber, unsigned> by_address_;  // a tree: nobody can choose what collides
};

}  // namespace basehttp
