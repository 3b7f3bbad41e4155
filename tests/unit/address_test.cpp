#include "server/address.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <ostream>
#include <stdexcept>

using namespace basehttp;

namespace {

std::string v6_client(const char* address) {
    sockaddr_in6 raw{};
    raw.sin6_family = AF_INET6;
    raw.sin6_port = htons(80);
    REQUIRE(::inet_pton(AF_INET6, address, &raw.sin6_addr) == 1);
    return Address::from(reinterpret_cast<sockaddr*>(&raw), sizeof raw).text();
}

}  // namespace

TEST_SUITE("Address") {
    TEST_CASE("A text names host, port or both") {
        struct Row {
            std::string_view text, host;
            int port;
            std::string_view back;
        };
        const Row rows[] = {
            {"127.0.0.1", "127.0.0.1", 8000, "127.0.0.1:8000"},
            {"127.0.0.1:80", "127.0.0.1", 80, "127.0.0.1:80"},
            {"localhost:0", "localhost", 0, "localhost:0"},
            {"", "", 8000, "*:8000"},
            {"*", "", 8000, "*:8000"},
            {"*:81", "", 81, "*:81"},
            {":81", "", 81, "*:81"},
            {"::", "::", 8000, "[::]:8000"},
            {"::1", "::1", 8000, "[::1]:8000"},
            {"[::1]", "::1", 8000, "[::1]:8000"},
            {"[::1]:65535", "::1", 65535, "[::1]:65535"},
            {"[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"},
            {"unix:/run/a:b.sock", "unix:/run/a:b.sock", 0, "unix:/run/a:b.sock"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            const Address address = Address::parse(row.text, 8000);
            CHECK(address.host == row.host);
            CHECK(address.port == row.port);
            CHECK(address.text() == row.back);
            CHECK(address.is_unix() == row.text.starts_with("unix:"));
        }
    }

    TEST_CASE("A text with a wrong port or bracket is refused") {
        for (const std::string_view text :
             {"a:", "a:x", "a:-1", "a:+1", "a: 1", "a:1 ", "a:65536", "a:0x50", "[::1",
              "[::1]:", "[::1]:x", "[::1]80", "[::1]x:80"}) {
            CAPTURE(text);
            CHECK_THROWS_AS(Address::parse(text, 8000), std::invalid_argument);
        }
    }

    TEST_CASE("A client's address is plain, also IPv4 on a dual-stack socket") {
        CHECK(v6_client("2001:DB8::1") == "[2001:db8::1]:80");
        CHECK(v6_client("::1") == "[::1]:80");
        CHECK(v6_client("::ffff:192.0.2.1") == "192.0.2.1:80");
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(4711);
        v4.sin_addr.s_addr = htonl(0xC0000207);
        CHECK(Address::from(reinterpret_cast<sockaddr*>(&v4), sizeof v4).text() ==
              "192.0.2.7:4711");
    }

    TEST_CASE("A unix socket has its path, or none") {
        sockaddr_un raw{};
        raw.sun_family = AF_UNIX;
        std::strcpy(raw.sun_path, "/run/x");
        const auto* address = reinterpret_cast<sockaddr*>(&raw);
        CHECK(Address::from(address, sizeof raw).host == "unix:/run/x");
        CHECK(Address::from(address, offsetof(sockaddr_un, sun_path) + 4).host == "unix:/run");
        CHECK(Address::from(address, offsetof(sockaddr_un, sun_path)).host == "unix:");
        CHECK(Address::from(address, sizeof raw).is_unix());
    }
}
