#include "server/http1/proxy_header.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

using namespace basehttp;
using namespace std::string_literals;
using Status = ProxyHeader::Status;

namespace {

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v4_addresses = "\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb"s;
const std::string v6_addresses = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s +
                                 std::string(16, '\x11') + "\xdc\x04\x01\xbb"s;

/// A version 2 header: its two bytes of version and family, then what follows with its length.
std::string v2(unsigned char command, unsigned char family, const std::string& rest) {
    return signature + static_cast<char>(command) + static_cast<char>(family) +
           static_cast<char>(rest.size() >> 8) + static_cast<char>(rest.size() & 255) + rest;
}

std::string client_of(const ProxyHeader& header) {
    return header.client ? Address{ip_text(header.client->ip), header.client->port}.text() : "none";
}

struct Good {
    std::string text, client;
    bool from_proxy = false;
};

const Good good_ones[] = {
    {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1:56324"},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
    {"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", "[2001:db8::1]:56324"},
    {"PROXY TCP6 ::ffff:192.0.2.1 ::1 0 0\r\n", "192.0.2.1:0"},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {"PROXY UNKNOWN\r\n", "none"},
    {"PROXY UNKNOWN whatever 1 2\r\n", "none"},
    {"PROXY UNKNOWN " + std::string(91, 'f') + "\r\n", "none"},  // 107 bytes
    {v2(0x21, 0x11, v4_addresses), "192.0.2.1:56324"},
    {v2(0x21, 0x10, v4_addresses), "192.0.2.1:56324"},
    {v2(0x21, 0x21, v6_addresses), "[2001:db8::1]:56324"},
    {v2(0x21, 0x11, v4_addresses + "\x03\x00\x04\x11\x22\x33\x44"s), "192.0.2.1:56324"},
    {v2(0x21, 0x11, v4_addresses + std::string(4096 - 28, '\xee')), "192.0.2.1:56324"},
    {v2(0x21, 0x31, std::string(216, '/')), "none"},
    {v2(0x21, 0x00, ""), "none"},
    {v2(0x21, 0x00, "tlv"), "none"},
    {v2(0x20, 0x00, ""), "none", true},
    {v2(0x20, 0x11, v4_addresses), "none", true},
    {v2(0x20, 0x11, ""), "none", true},
    {v2(0x20, 0xff, ""), "none", true},  // the family of LOCAL is nobody's business
};

}  // namespace

TEST_SUITE("proxy header") {
    TEST_CASE("A good header tells the client, and where it ends") {
        for (const Good& row : good_ones) {
            CAPTURE(row.text);
            for (const std::string after : {"", "GET / HTTP/1.1\r\n", "\r\n", "PROXY "}) {
                const ProxyHeader header = parse_proxy_header(row.text + after);
                REQUIRE(header.status == Status::complete);
                CHECK(header.size == row.text.size());
                CHECK(client_of(header) == row.client);
                CHECK(header.from_proxy == row.from_proxy);
            }
        }
    }

    TEST_CASE("Each beginning of a good header is incomplete") {
        for (const Good& row : good_ones) {
            for (std::size_t size = 0; size < row.text.size(); ++size) {
                // A copy of its own, so that a sanitizer sees who reads beyond.
                const std::string beginning = row.text.substr(0, size);
                if (parse_proxy_header(beginning).status == Status::incomplete) continue;
                CAPTURE(row.text);
                FAIL_CHECK(size);
            }
        }
    }

    TEST_CASE("A bad header is refused, and as early as it shows") {
        const struct {
            std::string text, reason;
        } rows[] = {
            {"G", "there is none"},
            {"GET / HTTP/1.1\r\n", "there is none"},
            {"proxy TCP4", "there is none"},
            {"PROXX", "there is none"},
            {"\x16\x03\x01", "there is none"},
            {"\r\n\r\nG", "there is none"},
            {"PROXY\tTCP4", "there is none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n", "its line does not end in CRLF"},
            {"PROXY UNKNOWN " + std::string(92, 'f') + "\r", "its line is longer than 107 bytes"},
            {"PROXY UNKNOWN " + std::string(93, 'f'), "its line is longer than 107 bytes"},
            {"PROXY \r\n", "its protocol is not known"},
            {"PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n", "its protocol is not known"},
            {"PROXY  TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "its protocol is not known"},
            {"PROXY TCP4\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 \r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 -1\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1  198.51.100.1 56324 443\r\n", "its addresses are none"},
            {"PROXY TCP4 ::1 ::1 56324 443\r\n", "its addresses are none"},
            {"PROXY TCP4 192.0.2.1 ::1 56324 443\r\n", "its addresses are none"},
            {"PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n", "its addresses are none"},
            {"PROXY TCP6 fe80::1%lo ::1 56324 443\r\n", "its addresses are none"},
            {signature + "\x11", "its version is not 2"},
            {signature + "\x31", "its version is not 2"},
            {signature + "\x22", "its command is not known"},
            {signature + "\x21\x41", "its protocol is not known"},
            {signature + "\x21\x13", "its protocol is not known"},
            {signature + "\x21\x11\x0f\xf1", "it is longer than 4096 bytes"},
            {signature + "\x21\x11\xff\xff", "it is longer than 4096 bytes"},
            {v2(0x21, 0x12, v4_addresses), "it is about datagrams"},
            {v2(0x21, 0x11, v4_addresses.substr(1)), "it is shorter than its addresses"},
            {v2(0x21, 0x11, ""), "it is shorter than its addresses"},
            {v2(0x21, 0x21, v4_addresses), "it is shorter than its addresses"},
            {v2(0x21, 0x31, std::string(215, '/')), "it is shorter than its addresses"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            const ProxyHeader header = parse_proxy_header(row.text);
            CHECK(header.status == Status::bad);
            CHECK(std::string(header.reason) == row.reason);
            CHECK_FALSE(header.client);
        }
    }

    TEST_CASE("Whatever byte of a header is changed, what is said of it stays in bounds") {
        for (const Good& row : good_ones) {
            for (std::size_t at = 0; at < std::min<std::size_t>(row.text.size(), 128); ++at) {
                for (int byte = 0; byte < 256; ++byte) {
                    std::string text = row.text;
                    text[at] = static_cast<char>(byte);
                    const ProxyHeader header = parse_proxy_header(text);
                    if ((header.status == Status::complete) != (header.size > 0) ||
                        (header.status == Status::bad) != (*header.reason != '\0') ||
                        header.size > text.size())
                        FAIL_CHECK(text);
                }
            }
        }
    }
}
