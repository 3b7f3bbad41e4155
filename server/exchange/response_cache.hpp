// Replays by host and path. One per loop: no lock, no sharing but of immutable bodies.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/exchange/cache_counters.hpp"
#include "server/exchange/replay.hpp"

namespace basehttp {

/// How a request reached us: sites may answer differently, by a redirect to https for instance.
enum class Channel : std::uint8_t {
    plain,  ///< TCP
    local,  ///< a unix socket
    tls,
    tls_at_proxy  ///< plain from a trusted proxy, whose client speaks https
};

/// Bounded by bytes, entries and descriptors; evicts what was not used since the last sweep (second
/// chance). Entries with descriptors are evicted among themselves, so that many large files do not
/// push out the small ones, and so are absences, which get an eighth of the bytes and entries: who
/// asks for made-up paths only pushes out others of that kind.
class ResponseCache {
  public:
    ResponseCache(std::size_t most_bytes, std::size_t most_entries,
                  std::size_t most_descriptors = 256)
        : most_bytes_(most_bytes),
          most_entries_(most_entries),
          most_descriptors_(most_descriptors) {}

    /// From the Host of a request to the name of its site, so that made-up hosts do not multiply
    /// entries. Empty: the Host itself.
    std::function<std::string_view(std::string_view)> canonical_host;

    /// The replay for this request or nullptr. Asks a replay older than `recheck` whether it is
    /// fresh and drops it when not. What came by different channels is kept apart.
    const std::shared_ptr<const Replay>* find(const RequestHead& head,
                                              std::chrono::microseconds now,
                                              Channel channel = Channel::plain);
    void insert(const RequestHead& head, std::shared_ptr<const Replay> replay,
                std::chrono::microseconds now, Channel channel = Channel::plain);

    /// Drops everything, and has other bounds from now on.
    void reset(std::size_t most_bytes, std::size_t most_entries);

    /// Closes every descriptor that is not in use by an answer.
    void drop_descriptors();

    /// What happened so far.
    CacheCounters counters() const;
    std::size_t entries() const { return index_.size(); }
    std::size_t bytes() const;

    /// A change on disk shows within a second: checked this long after the last check.
    static constexpr std::chrono::milliseconds recheck{900};
    static constexpr std::size_t most_variants = 4;
    static constexpr std::size_t longest_accept_encoding = 256;  ///< bytes; longer: not kept

  private:
    struct Variant {
        std::string accept_encoding;  // as sent; empty unless the replay varies
        std::shared_ptr<const Replay> replay;
        std::chrono::microseconds checked{};
    };
    struct Entry {
        std::string host, path;
        Channel channel = Channel::plain;
        std::vector<Variant> variants;
        std::size_t bytes = 0;
        bool used = false;
        Replay::Kind kind = Replay::Kind::content;  // the scarcest of its variants
    };
    using Entries = std::list<Entry>;
    struct Key {
        std::string_view host, path;
        Channel channel;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };

    Key key_of(const RequestHead& head, Channel channel) const;
    static Key key_of(const Entry& entry) { return {entry.host, entry.path, entry.channel}; }
    struct Class {
        Entries entries;  // the sweep's hand is the front
        std::size_t bytes = 0;
    };
    Class& class_of(Replay::Kind kind) { return classes_[static_cast<std::size_t>(kind)]; }
    void measure(Entries::iterator entry);
    void erase(Entries::iterator entry);
    void evict_one(Replay::Kind kind);
    void evict();

    std::size_t most_bytes_, most_entries_, most_descriptors_;
    std::array<Class, 3> classes_;
    std::unordered_map<Key, Entries::iterator, Hash> index_;
    CacheCounters counters_;
};

}  // namespace basehttp
