#include "server/response_cache.hpp"

#include <algorithm>
#include <functional>

namespace basehttp {

std::size_t ResponseCache::Hash::operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.target) ^ (hash(key.host) << 1);
}

const std::shared_ptr<const Replay>* ResponseCache::find(const RequestHead& head,
                                                         std::chrono::microseconds now) {
    const auto found = index_.find(Key{head.host, head.target});
    if (found == index_.end()) {
        ++counters_.misses;
        return nullptr;
    }
    Entry& entry = *found->second;
    for (Variant& variant : entry.variants) {
        if (variant.replay->varies() && variant.accept_encoding != head.accept_encoding) continue;
        if (now - variant.checked >= recheck) {
            if (!variant.replay->fresh()) {
                ++counters_.stale;
                erase(found->second);
                return nullptr;
            }
            variant.checked = now;
        }
        entry.used = true;
        ++counters_.hits;
        return &variant.replay;
    }
    ++counters_.misses;
    return nullptr;
}

void ResponseCache::insert(const RequestHead& head, std::shared_ptr<const Replay> replay,
                           std::chrono::microseconds now) {
    constexpr std::size_t overhead = sizeof(Entry) + sizeof(Variant) + 64;
    if (replay->cost() + overhead > most_bytes_ / 4) return;
    auto found = index_.find(Key{head.host, head.target});
    if (found == index_.end()) {
        Entry& entry = entries_.emplace_back();
        entry.host = head.host;
        entry.target = head.target;
        found = index_.emplace(Key{entry.host, entry.target}, std::prev(entries_.end())).first;
    }
    Entry& entry = *found->second;
    const auto same = [&](const Variant& v) {
        return !v.replay->varies() || !replay->varies() ||
               v.accept_encoding == head.accept_encoding;
    };
    bytes_ -= entry.bytes;
    std::erase_if(entry.variants, same);
    if (entry.variants.size() >= most_variants) entry.variants.erase(entry.variants.begin());
    entry.variants.push_back({std::string(head.accept_encoding), std::move(replay), now});
    entry.bytes = overhead + 2 * (entry.host.size() + entry.target.size());
    for (const Variant& v : entry.variants) entry.bytes += v.replay->cost() + sizeof v;
    bytes_ += entry.bytes;
    evict();
}

void ResponseCache::erase(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    index_.erase(Key{entry->host, entry->target});
    entries_.erase(entry);
}

void ResponseCache::evict() {
    while (entries_.size() > 1 && (bytes_ > most_bytes_ || index_.size() > most_entries_)) {
        const auto oldest = entries_.begin();
        if (oldest->used) {
            oldest->used = false;
            entries_.splice(entries_.end(), entries_, oldest);
        } else {
            ++counters_.evictions;
            erase(oldest);
        }
    }
}

}  // namespace basehttp
