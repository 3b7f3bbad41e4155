#include "server/exchange/response_cache.hpp"

#include <algorithm>
#include <functional>

namespace basehttp {

std::size_t ResponseCache::Hash::operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.path) ^ (hash(key.host) << 1) ^ static_cast<std::size_t>(key.channel);
}

ResponseCache::Key ResponseCache::key_of(const RequestHead& head, Channel channel) const {
    return {canonical_host ? canonical_host(head.host) : head.host,
            head.target.substr(0, head.target.find('?')), channel};
}

const std::shared_ptr<const Replay>* ResponseCache::find(const RequestHead& head,
                                                         std::chrono::microseconds now,
                                                         Channel channel) {
    const auto found = index_.find(key_of(head, channel));
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
                ++counters_.misses;
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
                           std::chrono::microseconds now, Channel channel) {
    const std::string_view accept_encoding =
        replay->varies() ? head.accept_encoding : std::string_view();
    if (replay->cost() > most_bytes_ / 4 || accept_encoding.size() > longest_accept_encoding)
        return;
    const Key key = key_of(head, channel);
    auto found = index_.find(key);
    if (found == index_.end()) {
        Entries& entries = class_of(Replay::Kind::content).entries;
        Entry& entry = entries.emplace_back();
        entry.host = key.host;
        entry.path = key.path;
        entry.channel = channel;
        found = index_.emplace(key_of(entry), std::prev(entries.end())).first;
    }
    std::vector<Variant>& variants = found->second->variants;
    std::erase_if(variants, [&](const Variant& v) {
        return !v.replay->varies() || !replay->varies() || v.accept_encoding == accept_encoding;
    });
    if (variants.size() >= most_variants) variants.erase(variants.begin());
    variants.push_back({std::string(accept_encoding), std::move(replay), now});
    measure(found->second);
    evict();
}

/// Counts an entry anew, after its variants have changed, and puts it into the right class.
void ResponseCache::measure(Entries::iterator entry) {
    constexpr std::size_t overhead = sizeof(Entry) + 96;  // with the nodes of list and index
    Class& from = class_of(entry->kind);
    from.bytes -= entry->bytes;
    entry->bytes = overhead + entry->host.size() + entry->path.size();
    entry->kind = Replay::Kind::content;
    for (const Variant& variant : entry->variants) {
        entry->bytes += variant.replay->cost() + sizeof variant + variant.accept_encoding.size();
        entry->kind = std::max(entry->kind, variant.replay->kind());
    }
    Class& to = class_of(entry->kind);
    to.bytes += entry->bytes;
    if (&to != &from) to.entries.splice(to.entries.end(), from.entries, entry);
}

void ResponseCache::erase(Entries::iterator entry) {
    Class& from = class_of(entry->kind);
    from.bytes -= entry->bytes;
    index_.erase(key_of(*entry));
    from.entries.erase(entry);
}

void ResponseCache::evict_one(Replay::Kind kind) {
    Entries& entries = class_of(kind).entries;
    while (entries.front().used) {
        entries.front().used = false;
        entries.splice(entries.end(), entries, entries.begin());
    }
    ++counters_.evictions;
    erase(entries.begin());
}

void ResponseCache::evict() {
    using Kind = Replay::Kind;
    const Class& absences = class_of(Kind::absence);
    const Class& descriptors = class_of(Kind::descriptor);
    while (descriptors.entries.size() > most_descriptors_) evict_one(Kind::descriptor);
    while (absences.entries.size() > most_entries_ / 8 || absences.bytes > most_bytes_ / 8)
        evict_one(Kind::absence);
    while (!index_.empty() && (bytes() > most_bytes_ || index_.size() > most_entries_)) {
        const bool none = class_of(Kind::content).entries.empty();
        evict_one(!none                          ? Kind::content
                  : !descriptors.entries.empty() ? Kind::descriptor
                                                 : Kind::absence);
    }
}

void ResponseCache::reset(std::size_t most_bytes, std::size_t most_entries) {
    index_.clear();
    for (Class& one : classes_) one = {};
    most_bytes_ = most_bytes;
    most_entries_ = most_entries;
}

void ResponseCache::drop_descriptors() {
    Entries& entries = class_of(Replay::Kind::descriptor).entries;
    while (!entries.empty()) erase(entries.begin());
}

CacheCounters ResponseCache::counters() const {
    CacheCounters counters = counters_;
    counters.entries = entries();
    counters.bytes = bytes();
    return counters;
}

std::size_t ResponseCache::bytes() const {
    std::size_t sum = 0;
    for (const Class& one : classes_) sum += one.bytes;
    return sum;
}

}  // namespace basehttp
