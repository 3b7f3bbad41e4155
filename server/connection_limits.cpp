#include "server/connection_limits.hpp"

#include <sys/resource.h>

#include <utility>

namespace basehttp {
namespace {

std::size_t most_by_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return static_cast<std::size_t>(-1);
    constexpr rlim_t own = 32;  // loops, listening sockets, logs, sites
    const rlim_t all = limit.rlim_cur;
    return all <= 2 * own ? all / 4 : all - all / 4 - own;
}

}  // namespace

ConnectionLimits::Place::Place(Place&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), address_(other.address_) {}

ConnectionLimits::Place& ConnectionLimits::Place::operator=(Place&& other) noexcept {
    std::swap(limits_, other.limits_);
    std::swap(address_, other.address_);
    return *this;
}

ConnectionLimits::Place::~Place() {
    if (limits_ != nullptr) limits_->leave(*this);
}

void ConnectionLimits::set(unsigned total, unsigned per_address) {
    total_ = total != 0 ? total : most_by_descriptors();
    per_address_ = per_address;
    if (waited_for_.exchange(false) && has_room_again) has_room_again();
}

bool ConnectionLimits::has_room() {
    if (open_ < total_) return true;
    waited_for_ = true;
    return open_ < total_;  // somebody may have left before seeing that
}

ConnectionLimits::Place ConnectionLimits::enter() {
    ++open_;
    Place place;
    place.limits_ = this;
    return place;
}

bool ConnectionLimits::count_address(Place& place, const Address& client) {
    const unsigned most = per_address_;
    if (most == 0 || client.is_unix()) return true;
    auto ip = parse_ip(client.host);
    if (!ip) return true;
    if (!ip->is_v4()) ip->low = 0;
    const std::lock_guard lock(mutex_);
    unsigned& count = by_address_[*ip];
    if (count >= most) return false;
    ++count;
    place.address_ = ip;
    return true;
}

std::size_t ConnectionLimits::addresses() {
    const std::lock_guard lock(mutex_);
    return by_address_.size();
}

void ConnectionLimits::leave(const Place& place) {
    if (place.address_) {
        const std::lock_guard lock(mutex_);
        const auto found = by_address_.find(*place.address_);
        if (--found->second == 0) by_address_.erase(found);
    }
    --open_;
    if (waited_for_ && waited_for_.exchange(false) && has_room_again) has_room_again();
}

}  // namespace basehttp
