#include "server/networks.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <random>

using namespace basehttp;

namespace {

bool holds(const std::vector<std::string>& entries, const std::string& host) {
    return Networks(entries).contains(Address{host, 80});
}

}  // namespace

TEST_SUITE("networks") {
    TEST_CASE("An address as a number is written as it was read") {
        const struct {
            std::string_view text, expected;
        } rows[] = {
            {"192.0.2.1", "192.0.2.1"},
            {"0.0.0.0", "0.0.0.0"},
            {"255.255.255.255", "255.255.255.255"},
            {"::", "::"},
            {"::1", "::1"},
            {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
            {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
            {"::ffff:192.0.2.1", "192.0.2.1"},
            {"::FFFF:c000:201", "192.0.2.1"},
            {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            const auto ip = parse_ip(row.text);
            REQUIRE(ip);
            CHECK(ip_text(*ip) == row.expected);
            CHECK(ip->is_v4() == (row.expected.find(':') == std::string_view::npos));
        }
    }

    TEST_CASE("What is no address is none") {
        const std::string_view rows[] = {
            "",
            " ",
            "1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.4 ",
            " 1.2.3.4",
            "1.2.3.4:80",
            "[::1]",
            "::1%lo",
            ":::",
            "1::2::3",
            "g::",
            "12345::",
            "unix",
            "unix:",
            "localhost",
            std::string_view("1.2.3.4\0", 8),
            "0x7f.1",
            "2001:db8::1/64",
            "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111",
        };
        for (const std::string_view row : rows) {
            CAPTURE(row);
            CHECK_FALSE(parse_ip(row));
        }
    }

    TEST_CASE("A network holds its addresses and no other") {
        const struct {
            std::vector<std::string> entries;
            std::string host;
            bool expected;
        } rows[] = {
            {{"10.0.0.0/8"}, "10.0.0.0", true},
            {{"10.0.0.0/8"}, "10.255.255.255", true},
            {{"10.0.0.0/8"}, "9.255.255.255", false},
            {{"10.0.0.0/8"}, "11.0.0.0", false},
            {{"10.1.2.3/8"}, "10.9.9.9", true},  // bits past the prefix do not count
            {{"10.1.2.3"}, "10.1.2.3", true},
            {{"10.1.2.3"}, "10.1.2.4", false},
            {{"10.1.2.3/32"}, "10.1.2.3", true},
            {{"10.1.2.3/31"}, "10.1.2.2", true},
            {{"0.0.0.0/0"}, "203.0.113.9", true},
            {{"0.0.0.0/0"}, "::1", false},
            {{"2001:db8::/32"}, "2001:db8:ffff::1", true},
            {{"2001:db8::/32"}, "2001:db9::", false},
            {{"2001:db8::/64"}, "2001:db8::ffff:ffff:ffff:ffff", true},
            {{"2001:db8::/64"}, "2001:db8:0:1::", false},
            {{"2001:db8::/65"}, "2001:db8::7fff:ffff:ffff:ffff", true},
            {{"2001:db8::/65"}, "2001:db8::8000:0:0:0", false},
            {{"::1"}, "::1", true},
            {{"::1"}, "::2", false},
            {{"::1"}, "127.0.0.1", false},
            // IPv4 in IPv6 is IPv4.
            {{"192.0.2.0/24"}, "::ffff:192.0.2.7", true},
            {{"::ffff:192.0.2.0/120"}, "192.0.2.7", true},
            {{"::ffff:192.0.2.0/120"}, "192.0.3.7", false},
            {{"unix"}, "unix:/run/socket", true},
            {{"unix"}, "unix:", true},
            {{"unix"}, "127.0.0.1", false},
            {{"127.0.0.1"}, "unix:", false},
            {{}, "127.0.0.1", false},
            {{"127.0.0.1"}, "", false},
            {{"127.0.0.1"}, "localhost", false},
            // One within another, beside another, before another.
            {{"10.1.0.0/16", "10.0.0.0/8", "192.0.2.1"}, "10.200.0.1", true},
            {{"10.0.0.0/8", "10.1.0.0/16", "192.0.2.1"}, "10.200.0.1", true},
            {{"192.0.2.1", "10.0.0.0/9", "10.128.0.0/9"}, "10.200.0.1", true},
            {{"192.0.2.1", "10.0.0.0/9", "10.128.0.0/9"}, "192.0.2.1", true},
            {{"192.0.2.1", "10.0.0.0/9", "10.128.0.0/9"}, "11.0.0.0", false},
        };
        for (const auto& row : rows) {
            CAPTURE(row.host);
            CAPTURE(row.entries.size());
            CHECK(holds(row.entries, row.host) == row.expected);
        }
    }

    TEST_CASE("A set is empty until something is in it") {
        CHECK(Networks().empty());
        CHECK(Networks(std::vector<std::string>{}).empty());
        CHECK_FALSE(Networks({"unix"}).empty());
        CHECK_FALSE(Networks({"::1"}).empty());
    }

    TEST_CASE("A bad entry is refused with a sentence") {
        for (const std::string entry : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                        "10.0.0.0/8x", "::/129", "/8", "10.0.0/8", "unix:/x"}) {
            CAPTURE(entry);
            CHECK_THROWS_WITH_AS(
                Networks({entry}),
                ("'" + entry + "' is not an address, a network such as 10.0.0.0/8, or unix")
                    .c_str(),
                std::invalid_argument);
        }
    }

    TEST_CASE("Many overlapping networks say the same as each alone") {
        std::mt19937 random(7);
        std::vector<std::string> entries;
        std::vector<Networks> alone;
        for (int i = 0; i < 200; ++i) {
            const IpNumber ip{0, IpNumber::v4_prefix | (random() & 0xffff)};
            entries.push_back(ip_text(ip) + "/" + std::to_string(22 + random() % 11));
            alone.emplace_back(std::vector{entries.back()});
        }
        const Networks all(entries);
        for (std::uint64_t number = 0; number < 0x10000; number += 7) {
            const IpNumber ip{0, IpNumber::v4_prefix | number};
            bool expected = false;
            for (const Networks& one : alone) expected = expected || one.contains(ip);
            if (all.contains(ip) != expected) FAIL_CHECK(ip_text(ip));
        }
    }
}
