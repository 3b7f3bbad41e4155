#include "server/exchange/response_cache.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <utility>

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

struct FakeReplay final : Replay {
    bool varying = false;
    std::size_t size = 100;
    Kind sort = Kind::content;
    mutable bool unchanged = true;
    mutable int asked = 0;

    bool answer(const RequestHead&, ReplayOutput&) const override { return true; }
    bool fresh() const override {
        ++asked;
        return unchanged;
    }
    bool varies() const override { return varying; }
    Kind kind() const override { return sort; }
    std::size_t cost() const override { return size; }
};

RequestHead head(std::string_view host, std::string_view target, std::string_view coding = {}) {
    RequestHead h;
    h.host = host;
    h.target = target;
    h.accept_encoding = coding;
    return h;
}

std::shared_ptr<FakeReplay> replay(bool varying = false, std::size_t size = 100) {
    auto made = std::make_shared<FakeReplay>();
    made->varying = varying;
    made->size = size;
    return made;
}

const Replay* found(ResponseCache& cache, const RequestHead& h,
                    std::chrono::microseconds now = {}) {
    const auto* entry = cache.find(h, now);
    return entry == nullptr ? nullptr : entry->get();
}

}  // namespace

TEST_SUITE("ResponseCache") {
    TEST_CASE("An answer is found by host and path, exactly, whatever the query") {
        ResponseCache cache(1 << 20, 100);
        const auto r = replay();
        CHECK(found(cache, head("a", "/x")) == nullptr);
        cache.insert(head("a", "/x"), r, {});
        CHECK(found(cache, head("a", "/x")) == r.get());
        CHECK(found(cache, head("a", "/x", "gzip")) == r.get());
        for (const auto& [host, target] : {std::pair{"A", "/x"},
                                           {"a:80", "/x"},
                                           {"", "/x"},
                                           {"a", "/X"},
                                           {"a", "/x/"},
                                           {"a/", "x"},
                                           {"/x", "a"}}) {
            CAPTURE(std::string(host) + " " + target);
            CHECK(found(cache, head(host, target)) == nullptr);
        }
        CHECK(found(cache, head("a", "/x?")) == r.get());
        CHECK(found(cache, head("a", "/x?y=/z?")) == r.get());
        CHECK(cache.counters().hits == 4);
        CHECK(cache.counters().misses == 8);
        cache.insert(head("a", "/x?other"), replay(), {});
        CHECK(cache.entries() == 1);
    }

    TEST_CASE("Hosts of the same site share an answer") {
        ResponseCache cache(1 << 20, 100);
        cache.canonical_host = [](std::string_view host) {
            return host == "b.example" ? host : std::string_view();
        };
        const auto r = replay();
        cache.insert(head("made-up-1", "/"), r, {});
        CHECK(found(cache, head("made-up-2", "/")) == r.get());
        CHECK(found(cache, head("b.example", "/")) == nullptr);
    }

    TEST_CASE("A long Accept-Encoding is not kept, and only varying answers keep one") {
        ResponseCache cache(1 << 20, 100);
        const std::string junk(ResponseCache::longest_accept_encoding + 1, 'x');
        cache.insert(head("a", "/varies", junk), replay(true), {});
        CHECK(cache.entries() == 0);
        cache.insert(head("a", "/same", junk), replay(false), {});
        CHECK(cache.entries() == 1);
        CHECK(cache.bytes() < 1000);
    }

    TEST_CASE("Descriptors are few, do not push out other answers, and can be dropped") {
        ResponseCache cache(1 << 20, 100, 2);
        cache.insert(head("a", "/small"), replay(), {});
        for (const auto path : {"/1", "/2", "/3"}) {
            const auto large = replay();
            large->sort = Replay::Kind::descriptor;
            cache.insert(head("a", path), large, {});
        }
        CHECK(found(cache, head("a", "/1")) == nullptr);
        CHECK(found(cache, head("a", "/2")) != nullptr);
        CHECK(found(cache, head("a", "/3")) != nullptr);
        cache.drop_descriptors();
        CHECK(cache.entries() == 1);
        CHECK(found(cache, head("a", "/small")) != nullptr);
    }

    TEST_CASE("Absences push out only one another, by number and by bytes") {
        for (const std::size_t size : {std::size_t{100}, std::size_t{3000}}) {
            CAPTURE(size);
            ResponseCache cache(160'000, 80);
            cache.insert(head("a", "/there"), replay(), {});
            for (int i = 0; i < 1000; ++i) {
                const auto absent = replay(false, size);
                absent->sort = Replay::Kind::absence;
                cache.insert(head("a", "/none" + std::to_string(i)), absent, {});
            }
            CHECK(cache.entries() == (size == 100 ? 1 + 80 / 8 : 1 + 6));
            CHECK(cache.bytes() < 25'000);
            CHECK(found(cache, head("a", "/there")) != nullptr);
            CHECK(found(cache, head("a", "/none999")) != nullptr);
            CHECK(found(cache, head("a", "/none0")) == nullptr);
        }
    }

    TEST_CASE("Files' answers push out only one another, while there are any") {
        ResponseCache cache(1 << 20, 80, 2);
        const std::pair<const char*, Replay::Kind> others[] = {{"/large", Replay::Kind::descriptor},
                                                               {"/none", Replay::Kind::absence}};
        for (const auto& [path, kind] : others) {
            const auto other = replay();
            other->sort = kind;
            cache.insert(head("a", path), other, {});
        }
        for (int i = 0; i < 1000; ++i)
            cache.insert(head("a", "/" + std::to_string(i)), replay(), {});
        CHECK(cache.entries() == 80);
        for (const auto& [path, kind] : others) {
            CAPTURE(path);
            CHECK(found(cache, head("a", path)) != nullptr);
        }
    }

    TEST_CASE("A path that comes to be changes its kind") {
        ResponseCache cache(160'000, 80);
        const auto absent = replay();
        absent->sort = Replay::Kind::absence;
        cache.insert(head("a", "/x"), absent, {});
        cache.insert(head("a", "/x"), replay(), {});
        for (int i = 0; i < 1000; ++i) {
            const auto other = replay();
            other->sort = Replay::Kind::absence;
            cache.insert(head("a", "/none" + std::to_string(i)), other, {});
        }
        CHECK(found(cache, head("a", "/x")) != nullptr);
    }

    TEST_CASE("An answer that varies is found for the same Accept-Encoding only") {
        ResponseCache cache(1 << 20, 100);
        const auto gzip = replay(true);
        const auto plain = replay(true);
        cache.insert(head("a", "/", "gzip"), gzip, {});
        CHECK(found(cache, head("a", "/")) == nullptr);
        CHECK(found(cache, head("a", "/", "gzip, br")) == nullptr);
        cache.insert(head("a", "/"), plain, {});
        CHECK(found(cache, head("a", "/", "gzip")) == gzip.get());
        CHECK(found(cache, head("a", "/")) == plain.get());
        CHECK(cache.entries() == 1);
    }

    TEST_CASE("A fifth variant displaces the first, so that a client cannot fill the cache") {
        ResponseCache cache(1 << 20, 100);
        for (const auto coding : {"1", "2", "3", "4", "5"})
            cache.insert(head("a", "/", coding), replay(true), {});
        CHECK(found(cache, head("a", "/", "1")) == nullptr);
        CHECK(found(cache, head("a", "/", "2")) != nullptr);
        CHECK(found(cache, head("a", "/", "5")) != nullptr);
    }

    TEST_CASE("A new answer replaces the old one") {
        ResponseCache cache(1 << 20, 100);
        const auto first = replay();
        const auto second = replay();
        cache.insert(head("a", "/"), first, {});
        const std::size_t bytes = cache.bytes();
        cache.insert(head("a", "/"), second, {});
        CHECK(found(cache, head("a", "/")) == second.get());
        CHECK(first.use_count() == 1);
        CHECK(cache.bytes() == bytes);
    }

    TEST_CASE("An answer is checked again after a while, not sooner") {
        ResponseCache cache(1 << 20, 100);
        const auto r = replay();
        cache.insert(head("a", "/"), r, 10s);
        CHECK(found(cache, head("a", "/"), 10s) == r.get());
        CHECK(found(cache, head("a", "/"), 10s + ResponseCache::recheck - 1us) == r.get());
        CHECK(r->asked == 0);
        CHECK(found(cache, head("a", "/"), 10s + ResponseCache::recheck) == r.get());
        CHECK(r->asked == 1);
        CHECK(found(cache, head("a", "/"), 11s) == r.get());
        CHECK(r->asked == 1);
        CHECK(ResponseCache::recheck < 1s);
    }

    TEST_CASE("A stale answer is dropped") {
        ResponseCache cache(1 << 20, 100);
        const auto r = replay();
        cache.insert(head("a", "/"), r, {});
        r->unchanged = false;
        CHECK(found(cache, head("a", "/"), 5s) == nullptr);
        CHECK(cache.counters().stale == 1);
        CHECK(cache.entries() == 0);
        CHECK(cache.bytes() == 0);
        CHECK(r.use_count() == 1);
    }

    TEST_CASE("The bounds on bytes and entries hold") {
        ResponseCache cache(100'000, 10);
        for (int i = 0; i < 100; ++i) {
            cache.insert(head("a", "/" + std::to_string(i)), replay(), {});
            CHECK(cache.entries() <= 10);
        }
        CHECK(cache.counters().evictions == 90);
        ResponseCache small(100'000, 1000);
        for (int i = 0; i < 100; ++i) {
            small.insert(head("a", "/" + std::to_string(i)), replay(false, 9000), {});
            CHECK(small.bytes() <= 100'000);
        }
        CHECK(small.entries() >= 8);
    }

    TEST_CASE("What is used stays, what is not used goes first") {
        ResponseCache cache(1 << 20, 4);
        for (const auto target : {"/1", "/2", "/3", "/4"})
            cache.insert(head("a", target), replay(), {});
        CHECK(found(cache, head("a", "/1")) != nullptr);
        cache.insert(head("a", "/5"), replay(), {});
        CHECK(found(cache, head("a", "/1")) != nullptr);
        CHECK(found(cache, head("a", "/2")) == nullptr);
    }

    TEST_CASE("An answer over a quarter of the cache is not kept") {
        ResponseCache cache(100'000, 10);
        cache.insert(head("a", "/"), replay(false, 25'001), {});
        CHECK(cache.entries() == 0);
        cache.insert(head("a", "/"), replay(false, 20'000), {});
        CHECK(cache.entries() == 1);
    }

    TEST_CASE("A cache of no bytes keeps nothing") {
        ResponseCache cache(0, 100);
        cache.insert(head("a", "/"), replay(), {});
        CHECK(found(cache, head("a", "/")) == nullptr);
        CHECK(cache.entries() == 0);
    }
}
