#include "server/http1/host.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;

TEST_SUITE("host") {
    TEST_CASE("A host without its port is all before the colon that no bracket encloses") {
        const struct {
            std::string_view host, expected;
        } rows[] = {
            {"example.org", "example.org"},
            {"Example.ORG:8080", "Example.ORG"},
            {"example.org:", "example.org"},
            {"example.org.", "example.org."},
            {"example.org.:80", "example.org."},
            {"localhost:0", "localhost"},
            {"192.0.2.1", "192.0.2.1"},
            {"192.0.2.1:80", "192.0.2.1"},
            {"[2001:db8::1]", "[2001:db8::1]"},
            {"[2001:db8::1]:8080", "[2001:db8::1]"},
            {"[::1]:", "[::1]"},
            {"[::ffff:192.0.2.1]:80", "[::ffff:192.0.2.1]"},
            {"", ""},
            {":80", ""},
            {".", "."},
            // No hosts, but no harm.
            {"[", "["},
            {"[::1", "[::1"},
            {"[]:80", "[]"},
            {"]:80", "]"},
            {"a]:80", "a]"},
            {"::1", ""},
            {"a:b:c", "a"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.host);
            const std::string_view got = host_without_port(row.host);
            CHECK(got == row.expected);
            CHECK(got.data() == row.host.data());
        }
    }
}
