// Replays by host and target. One per loop: no lock, no sharing but of immutable bodies.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/replay.hpp"

namespace basehttp {

/// Bounded by bytes and entries; evicts what was not used since the last sweep (second chance).
class ResponseCache {
  public:
    ResponseCache(std::size_t most_bytes, std::size_t most_entries)
        : most_bytes_(most_bytes), most_entries_(most_entries) {}

    /// The replay for this request or nullptr. Asks a replay older than `recheck` whether it is
    /// fresh and drops it when not.
    const std::shared_ptr<const Replay>* find(const RequestHead& head,
                                              std::chrono::microseconds now);
    void insert(const RequestHead& head, std::shared_ptr<const Replay> replay,
                std::chrono::microseconds now);

    struct Counters {
        std::uint64_t hits = 0, misses = 0, evictions = 0, stale = 0;
    };
    const Counters& counters() const { return counters_; }
    std::size_t entries() const { return index_.size(); }
    std::size_t bytes() const { return bytes_; }

    /// A change on disk shows within a second: checked this long after the last check.
    static constexpr std::chrono::milliseconds recheck{900};
    static constexpr std::size_t most_variants = 4;

  private:
    struct Variant {
        std::string accept_encoding;  // as sent; looked at only when the replay varies
        std::shared_ptr<const Replay> replay;
        std::chrono::microseconds checked{};
    };
    struct Entry {
        std::string host, target;
        std::vector<Variant> variants;
        std::size_t bytes = 0;
        bool used = false;
    };
    using Entries = std::list<Entry>;
    struct Key {
        std::string_view host, target;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };

    void erase(Entries::iterator entry);
    void evict();

    std::size_t most_bytes_, most_entries_;
    std::size_t bytes_ = 0;
    Entries entries_;  // the hand of the sweep is the front
    std::unordered_map<Key, Entries::iterator, Hash> index_;
    Counters counters_;
};

}  // namespace basehttp
