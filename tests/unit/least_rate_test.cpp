#include "server/exchange/least_rate.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t rate = 100;  // bytes a second
constexpr LeastRate::Time most = 60s;

/// After how many seconds a client is too slow that sends so much at first and then each second;
/// 1000: never.
int seconds_until_slow(std::uint64_t at_first, std::uint64_t each_second) {
    LeastRate client;
    client.wait(1s);
    client.add(1s, at_first, rate, most);
    for (int second = 1; second < 1000; ++second) {
        const auto now = LeastRate::Time(1s) + second * LeastRate::Time(1s);
        client.add(now, each_second, rate, most);
        if (client.too_slow(now)) return second;
    }
    return 1000;
}

}  // namespace

TEST_SUITE("least rate") {
    TEST_CASE("A client has five seconds, and as many more as its bytes buy") {
        const struct {
            std::uint64_t at_first, each_second;
            int expected;
        } rows[] = {
            {0, 0, 6},       // its five seconds
            {100, 0, 7},     // and one more
            {1'000, 0, 16},  // and ten more
            {0, 50, 11},     // half the rate: twice the time
            {0, 99, 501},    // nearly
            {0, 100, 1000},  // enough
            {0, 1'000'000, 1000},
            {0, ~std::uint64_t{0}, 1000},
        };
        for (const auto& row : rows) {
            CAPTURE(row.at_first);
            CAPTURE(row.each_second);
            CHECK(seconds_until_slow(row.at_first, row.each_second) == row.expected);
        }
    }

    TEST_CASE("A fast beginning pays for a minute, not for ever") {
        CHECK(seconds_until_slow(1'000'000'000, 0) == 61);
        CHECK(seconds_until_slow(1'000'000'000, 1) == 61);
        CHECK(seconds_until_slow(1'000'000'000, 50) == 121);
    }

    TEST_CASE("Time in which nobody waits for the client does not count") {
        LeastRate client;
        CHECK_FALSE(client.too_slow(1h));
        client.wait(1h);
        client.wait(1h + 1s);  // does nothing
        client.pause(1h + 3s);
        client.pause(1h + 4s);
        CHECK_FALSE(client.too_slow(9h));
        client.wait(9h);
        CHECK_FALSE(client.too_slow(9h + 2s));
        CHECK(client.too_slow(9h + 2s + 1us));
        client.add(9h + 2s, 1, rate, most);  // a hundredth of a second
        CHECK_FALSE(client.too_slow(9h + 2s + 10ms));
        CHECK(client.too_slow(9h + 2s + 11ms));
    }

    TEST_CASE("Each transfer begins anew") {
        LeastRate client;
        CHECK(client.is_fresh());
        client.wait(1s);
        CHECK_FALSE(client.is_fresh());
        client.pause(2s);
        CHECK_FALSE(client.is_fresh());
        client.reset();
        CHECK(client.is_fresh());
        client.wait(10s);
        CHECK_FALSE(client.too_slow(15s));
    }

    TEST_CASE("A rate above all bytes does not overflow") {
        LeastRate client;
        client.wait(1s);
        client.add(1s, ~std::uint64_t{0}, 1, most);
        client.add(1s, 1'000'000'000, 1'000'000'000, most);
        CHECK_FALSE(client.too_slow(61s));
        CHECK(client.too_slow(62s));
    }
}
