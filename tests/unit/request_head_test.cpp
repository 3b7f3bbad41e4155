// What a head means: targets, versions, fields, framing, persistence.
// What is refused: request_head_reject_test.cpp; sizes and pieces: request_head_limits_test.cpp.
#include "server/http1/request_head.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <ostream>
#include <string>

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

/// Parses a head that must be good, to its end. The views live as long as `text`.
RequestHead parse(std::string_view text) {
    RequestHead head;
    const HeadResult result = parse_request_head(text, {}, head);
    CAPTURE(text);
    CAPTURE(result.reason);
    REQUIRE(result.status == HeadStatus::complete);
    CHECK(result.consumed == text.size());
    return head;
}

std::string get(std::string_view fields) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_SUITE("request_head") {
    TEST_CASE("A request line gives method, target and version") {
        struct Row {
            std::string_view line, method, target, host;
            int minor = 1;
        };
        const Row rows[] = {
            // origin-form
            {"GET / HTTP/1.1", "GET", "/", "h"},
            {"get / HTTP/1.1", "get", "/", "h"},
            {"SPAM /a/b?c=d&e HTTP/1.1", "SPAM", "/a/b?c=d&e", "h"},
            {"!#$%&'*+-.^_`|~09 / HTTP/1.1", "!#$%&'*+-.^_`|~09", "/", "h"},
            {"GET //evil.example/ HTTP/1.1", "GET", "//evil.example/", "h"},
            {"GET /%00%0d%0a%zz HTTP/1.1", "GET", "/%00%0d%0a%zz", "h"},
            {"GET /caf\xC3\xA9\x80\xFF HTTP/1.1", "GET", "/caf\xC3\xA9\x80\xFF", "h"},
            {"GET /\"<>[]\\^`{|} HTTP/1.1", "GET", "/\"<>[]\\^`{|}", "h"},
            // absolute-form: its authority replaces Host
            {"GET http://a.example/x?y HTTP/1.1", "GET", "/x?y", "a.example"},
            {"GET HTTP://A.example:8080/ HTTP/1.1", "GET", "/", "A.example:8080"},
            {"GET https://a/ HTTP/1.1", "GET", "/", "a"},
            {"GET http://a HTTP/1.1", "GET", "/", "a"},
            {"GET http://[::1]:80/x HTTP/1.1", "GET", "/x", "[::1]:80"},
            {"OPTIONS http://a HTTP/1.1", "OPTIONS", "*", "a"},
            {"OPTIONS http://a/ HTTP/1.1", "OPTIONS", "/", "a"},
            // asterisk-form and authority-form
            {"OPTIONS * HTTP/1.1", "OPTIONS", "*", "h"},
            {"CONNECT a.example:443 HTTP/1.1", "CONNECT", "a.example:443", "h"},
            {"CONNECT [::1]:443 HTTP/1.1", "CONNECT", "[::1]:443", "h"},
            // versions
            {"GET / HTTP/1.0", "GET", "/", "h", 0},
            {"GET / HTTP/1.2", "GET", "/", "h", 1},
            {"GET / HTTP/1.9", "GET", "/", "h", 1},
        };
        for (const Row& row : rows) {
            CAPTURE(row.line);
            const std::string text = std::string(row.line) + "\r\nHost: h\r\n\r\n";
            const RequestHead head = parse(text);
            CHECK(head.request_line == row.line);
            CHECK(head.method == row.method);
            CHECK(head.target == row.target);
            CHECK(head.host == row.host);
            CHECK(head.version_minor == row.minor);
            CHECK(head.version == row.line.substr(row.line.size() - 8));
            CHECK(row.line.find(" " + std::string(head.raw_target) + " ") == row.method.size());
        }
    }

    TEST_CASE("Header fields keep order and spelling and lose the space around the value") {
        const RequestHead head = parse(
            "GET / HTTP/1.1\r\n"
            "hOsT:a\r\n"
            "X-One:  \t one two \t \r\n"
            "X-Empty:\r\n"
            "X-Blank: \t \r\n"
            "x-one: again\r\n"
            "X-Bytes: \xE9\x80\xFF,\"\\:;\r\n"
            "!#$%&'*+-.^_`|~0: x\r\n"
            "\r\n");
        const HeaderField expected[] = {
            {"hOsT", "a"},
            {"X-One", "one two"},
            {"X-Empty", ""},
            {"X-Blank", ""},
            {"x-one", "again"},
            {"X-Bytes", "\xE9\x80\xFF,\"\\:;"},
            {"!#$%&'*+-.^_`|~0", "x"},
        };
        REQUIRE(head.fields.size() == std::size(expected));
        for (std::size_t i = 0; i < std::size(expected); ++i) {
            CHECK(head.fields[i].name == expected[i].name);
            CHECK(head.fields[i].value == expected[i].value);
        }
        CHECK(head.host == "a");
    }

    TEST_CASE("A host is a name or an address, perhaps with a port") {
        for (const auto host : {"a", "a.example", "a.example.", "a:80", "a:", "127.0.0.1:8000",
                                "[::1]", "[::1]:8000", "[::ffff:1.2.3.4]", "a_b", "a%20b",
                                "x!$&'()*+,;=~-._", "a:65535", "XN--BCHER-KVA.example"}) {
            CAPTURE(host);
            CHECK(is_valid_host(host));
            const std::string text = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
            CHECK(parse(text).host == host);
        }
    }

    TEST_CASE("HTTP/1.0 needs no Host") {
        CHECK(parse("GET / HTTP/1.0\r\n\r\n").host.empty());
        CHECK(parse("GET http://a/ HTTP/1.0\r\n\r\n").host == "a");
    }

    TEST_CASE("Framing is a length, chunked, or nothing") {
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        struct Row {
            std::string_view fields;
            bool has_body, chunked;
            std::uint64_t length;
        };
        const Row rows[] = {
            {"", false, false, 0},
            {"Content-Length: 0\r\n", false, false, 0},
            {"Content-Length: 5\r\n", true, false, 5},
            {"content-LENGTH:\t0005 \r\n", true, false, 5},
            {"Content-Length: 18446744073709551614\r\n", true, false, most - 1},
            {"Content-Length: 18446744073709551615\r\n", true, false, most},
            {"Content-Length: 18446744073709551616\r\n", true, false, most},
            {"Content-Length: 184467440737095516150\r\n", true, false, most},
            {"Content-Length: 999999999999999999999999999999\r\n", true, false, most},
            {"Transfer-Encoding: chunked\r\n", true, true, 0},
            {"transfer-encoding:Chunked\r\n", true, true, 0},
        };
        for (const Row& row : rows) {
            CAPTURE(row.fields);
            const std::string text = get(row.fields);
            const RequestHead head = parse(text);
            CHECK(head.has_body() == row.has_body);
            CHECK(head.chunked == row.chunked);
            CHECK(head.content_length.value_or(0) == row.length);
            CHECK(head.content_length.has_value() == (!row.fields.empty() && !row.chunked));
        }
    }

    TEST_CASE("A connection persists in HTTP/1.1 unless closed, in HTTP/1.0 only when asked") {
        struct Row {
            std::string_view version, fields;
            bool keep;
        };
        const Row rows[] = {
            {"HTTP/1.1", "", true},
            {"HTTP/1.1", "Connection: close\r\n", false},
            {"HTTP/1.1", "Connection: Close\r\n", false},
            {"HTTP/1.1", "Connection: keep-alive\r\n", true},
            {"HTTP/1.1", "Connection: upgrade , close\r\n", false},
            {"HTTP/1.1", "Connection: ,,close,\r\n", false},
            {"HTTP/1.1", "Connection: x\r\nConnection: close\r\n", false},
            {"HTTP/1.1", "Connection: keep-alive, close\r\n", false},
            {"HTTP/1.1", "Connection: closed\r\n", true},
            {"HTTP/1.1", "Connection:\r\n", true},
            {"HTTP/1.2", "", true},
            {"HTTP/1.0", "", false},
            {"HTTP/1.0", "Connection: keep-alive\r\n", true},
            {"HTTP/1.0", "Connection: TE, Keep-Alive\r\n", true},
            {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
            {"HTTP/1.0", "Keep-Alive: 300\r\n", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.version);
            CAPTURE(row.fields);
            const std::string text = "GET / " + std::string(row.version) + "\r\nHost: a\r\n" +
                                     std::string(row.fields) + "\r\n";
            CHECK(parse(text).keep_alive == row.keep);
        }
    }

    TEST_CASE("Expect is 100-continue or unknown, and nothing in HTTP/1.0") {
        struct Row {
            std::string_view version, fields;
            bool is_continue, unknown;
        };
        const Row rows[] = {
            {"HTTP/1.1", "", false, false},
            {"HTTP/1.1", "Expect: 100-continue\r\n", true, false},
            {"HTTP/1.1", "Expect: 100-Continue\r\n", true, false},
            {"HTTP/1.1", "Expect: 100-continued\r\n", false, true},
            {"HTTP/1.1", "Expect: tea\r\n", false, true},
            {"HTTP/1.1", "Expect: 100-continue, tea\r\n", false, true},
            {"HTTP/1.0", "Expect: 100-continue\r\n", false, false},
            {"HTTP/1.0", "Expect: tea\r\n", false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.version);
            CAPTURE(row.fields);
            const std::string text = "GET / " + std::string(row.version) + "\r\nHost: a\r\n" +
                                     std::string(row.fields) + "\r\n";
            const RequestHead head = parse(text);
            CHECK(head.expect_continue == row.is_continue);
            CHECK(head.expect_unknown == row.unknown);
        }
    }

    TEST_CASE("Fields that choose a representation are found in any case") {
        const std::string text = get(
            "ACCEPT-encoding: gzip\r\nRANGE: bytes=0-\r\nif-match: \"a\"\r\nIF-none-match: "
            "\"b\"\r\n"
            "If-modified-since: c\r\nIF-UNMODIFIED-SINCE: d\r\nIf-RANGE: \"e\"\r\nREFERER: f\r\n"
            "User-AGENT: g\r\n");
        const RequestHead head = parse(text);
        CHECK(head.accept_encoding == "gzip");
        CHECK(head.range == "bytes=0-");
        CHECK(head.if_match == "\"a\"");
        CHECK(head.if_none_match == "\"b\"");
        CHECK(head.if_modified_since == "c");
        CHECK(head.if_unmodified_since == "d");
        CHECK(head.if_range == "\"e\"");
        CHECK(head.referer == "f");
        CHECK(head.user_agent == "g");
        CHECK(head.conditional);
        CHECK_FALSE(head.repeated);
    }

    TEST_CASE("Conditions and repetitions are marked, for a replay must know") {
        struct Row {
            std::string_view fields;
            bool conditional, repeated;
        };
        const Row rows[] = {
            {"Accept-Encoding: gzip\r\n", false, false},
            {"Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", false, true},
            {"Accept-Encoding:\r\nAccept-Encoding: br\r\n", false, true},
            {"Range: bytes=0-\r\n", true, false},
            {"Range:\r\n", true, false},
            {"Range: x\r\nRange: y\r\n", true, true},
            {"If-Match: *\r\n", true, false},
            {"If-None-Match: *\r\nIf-None-Match: *\r\n", true, true},
            {"If-Modified-Since: x\r\nIf-Unmodified-Since: x\r\n", true, false},
            {"If-Range: x\r\nif-range: x\r\n", true, true},
            {"If-Nothing: x\r\nX-Range: x\r\n", false, false},
            {"Referer: a\r\nReferer: b\r\n", false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.fields);
            const std::string text = get(row.fields);
            const RequestHead head = parse(text);
            CHECK(head.conditional == row.conditional);
            CHECK(head.repeated == row.repeated);
        }
    }

    TEST_CASE("What follows a head is left alone") {
        const auto text = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n\r\n"sv;
        RequestHead head;
        const HeadResult result = parse_request_head(text, {}, head);
        CHECK(result.status == HeadStatus::complete);
        CHECK(text.substr(result.consumed) == "GET /2 HTTP/1.1\r\n\r\n\r\n");
        CHECK(head.target == "/1");
        CHECK(head.fields.size() == 1);
    }

    TEST_CASE("One empty line before a request is skipped") {
        const RequestHead head = parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(head.request_line == "GET / HTTP/1.1");
    }

    TEST_CASE("A head parsed into used memory holds nothing of the one before") {
        RequestHead head;
        REQUIRE(parse_request_head("GET http://b/x HTTP/1.0\r\nContent-Length: 5\r\nRange: x\r\n"
                                   "Range: y\r\nAccept-Encoding: z\r\nReferer: q\r\n\r\n",
                                   {}, head)
                    .status == HeadStatus::complete);
        const std::string text = get("");
        REQUIRE(parse_request_head(text, {}, head).status == HeadStatus::complete);
        CHECK(head.host == "a");
        CHECK(head.fields.size() == 1);
        CHECK_FALSE(head.has_body());
        CHECK_FALSE(head.conditional);
        CHECK_FALSE(head.repeated);
        CHECK(head.range.empty());
        CHECK(head.accept_encoding.empty());
        CHECK(head.referer.empty());
        CHECK(head.version_minor == 1);
        CHECK(head.keep_alive);
    }
}
