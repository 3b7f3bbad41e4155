#include "server/http1/forwarded.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;

namespace {

const Networks proxies({"10.0.0.0/8", "2001:db8:1::/48"});

RequestHead head_of(std::initializer_list<HeaderField> fields) {
    RequestHead head;
    head.fields.assign(fields);
    return head;
}

std::string text_of(const std::optional<IpEndpoint>& endpoint) {
    return endpoint ? Address{ip_text(endpoint->ip), endpoint->port}.text() : "none";
}

}  // namespace

TEST_SUITE("forwarded") {
    TEST_CASE("An element is an address, with a port or without") {
        const struct {
            std::string_view text, expected;
        } rows[] = {
            {"192.0.2.1", "192.0.2.1:0"},
            {"192.0.2.1:4711", "192.0.2.1:4711"},
            {"192.0.2.1:65535", "192.0.2.1:65535"},
            {"2001:db8::1", "[2001:db8::1]:0"},
            {"[2001:db8::1]", "[2001:db8::1]:0"},
            {"[2001:DB8::1]:4711", "[2001:db8::1]:4711"},
            {"::ffff:192.0.2.1", "192.0.2.1:0"},
            {"[::ffff:192.0.2.1]:80", "192.0.2.1:80"},
            // No address.
            {"", "none"},
            {"unknown", "none"},
            {"_hidden", "none"},
            {"unix:", "none"},
            {"example.org", "none"},
            {"192.0.2", "none"},
            {"192.0.2.1:", "none"},
            {"192.0.2.1:65536", "none"},
            {"192.0.2.1:-1", "none"},
            {"192.0.2.1:80:80", "none"},
            {"[192.0.2.1]", "none"},
            {"[2001:db8::1", "none"},
            {"[2001:db8::1]80", "none"},
            {"[2001:db8::1]:", "none"},
            {"2001:db8::1]:80", "none"},
            {"\"192.0.2.1\"", "none"},
            {"fe80::1%eth0", "none"},
            {"192.0.2.1 192.0.2.2", "none"},
            {"[]", "none"},
            {"[", "none"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            CHECK(text_of(parse_forwarded_address(row.text)) == row.expected);
        }
    }

    TEST_CASE("The client is the first from the right that is no proxy of ours") {
        const struct {
            std::string_view field, expected;
        } rows[] = {
            {"192.0.2.1", "192.0.2.1:0"},
            {"192.0.2.1, 10.0.0.1", "192.0.2.1:0"},
            {"192.0.2.1,10.0.0.1,2001:db8:1::9, 10.0.0.2", "192.0.2.1:0"},
            {"[2001:db8:2::1]:99, 10.0.0.1:1234", "[2001:db8:2::1]:99"},
            // What a client made up is at the left of what a proxy saw.
            {"127.0.0.1, 192.0.2.1", "192.0.2.1:0"},
            {"10.0.0.7, 192.0.2.1, 10.0.0.1", "192.0.2.1:0"},
            // All are ours: the leftmost.
            {"10.0.0.3, 10.0.0.2", "10.0.0.3:0"},
            {"10.0.0.3", "10.0.0.3:0"},
            // Garbage ends the search.
            {"192.0.2.1, unknown, 10.0.0.2", "10.0.0.2:0"},
            {"192.0.2.1, unknown", "none"},
            {"<script>, 192.0.2.1", "192.0.2.1:0"},
            // Empty elements do not count (RFC 9110 section 5.6.1.2).
            {" , 192.0.2.1 ,\t,", "192.0.2.1:0"},
            {"", "none"},
            {",,", "none"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.field);
            const RequestHead head = head_of({{"Host", "h"}, {"X-Forwarded-For", row.field}});
            CHECK(text_of(forwarded_client(head, proxies)) == row.expected);
        }
    }

    TEST_CASE("Several lines of the field are one list") {
        const RequestHead both = head_of({{"x-forwarded-for", "192.0.2.1"},
                                          {"Accept", "*/*"},
                                          {"X-FORWARDED-FOR", "192.0.2.2, 10.0.0.1"}});
        CHECK(text_of(forwarded_client(both, proxies)) == "192.0.2.2:0");
        const RequestHead ours = head_of({{"X-Forwarded-For", "192.0.2.1"},
                                          {"X-Forwarded-For", ""},
                                          {"X-Forwarded-For", "10.0.0.1"}});
        CHECK(text_of(forwarded_client(ours, proxies)) == "192.0.2.1:0");
        CHECK_FALSE(forwarded_client(head_of({{"Forwarded", "for=192.0.2.1"}}), proxies));
    }

    TEST_CASE("A client of a proxy speaks https when the nearest proxy says so") {
        const struct {
            std::vector<std::string_view> fields;
            bool expected;
        } rows[] = {
            {{"https"}, true},
            {{"HTTPS"}, true},
            {{"http"}, false},
            {{}, false},
            {{""}, false},
            {{"https, http"}, false},
            {{"http, https"}, true},
            {{"https", "http"}, false},
            {{"http", "https"}, true},
            {{"https://example"}, false},
            {{"https", ""}, true},
        };
        for (const auto& row : rows) {
            RequestHead head;
            for (const std::string_view field : row.fields)
                head.fields.push_back({"X-Forwarded-Proto", field});
            CAPTURE(row.fields.size());
            CHECK(forwarded_https(head) == row.expected);
        }
    }
}
