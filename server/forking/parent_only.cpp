#include "server/forking/parent_only.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace basehttp {
namespace {

/// How many owners each descriptor of the process has. Atomic, so that a child that another thread
/// forks finds no half-written list; memory is used only as far as there are descriptors.
std::array<std::atomic<std::uint16_t>, ParentOnly::most> owners{};
std::atomic<std::size_t> used{0};  // of those, how many ever had one

}  // namespace

void ParentOnly::add(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= owners.size()) return;
    if (index >= mine_.size()) mine_.resize(std::max(index + 1, 2 * mine_.size()));
    if (mine_[index]) return;
    mine_[index] = true;
    ++owners[index];
    std::size_t before = used.load();
    while (before <= index && !used.compare_exchange_weak(before, index + 1)) continue;
}

void ParentOnly::remove(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= mine_.size() || !mine_[index]) return;
    mine_[index] = false;
    --owners[index];
}

void ParentOnly::clear() {
    for (std::size_t fd = 0; fd < mine_.size(); ++fd)
        if (mine_[fd]) --owners[fd];
    mine_.clear();
}

void ParentOnly::close_all() {
    for (std::size_t fd = 0; fd < used.load(); ++fd)
        if (owners[fd].exchange(0) != 0) ::close(static_cast<int>(fd));
}

}  // namespace basehttp
