// What a head must not be: each row is an attack or a mistake, with the status it gets.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "server/http1/request_head.hpp"

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

struct Row {
    std::string_view text;
    int code = 400;
};

template <std::size_t N>
void check_rejected(const Row (&rows)[N]) {
    for (const Row& row : rows) {
        CAPTURE(row.text);
        RequestHead head;
        const HeadResult result = parse_request_head(row.text, {}, head);
        CHECK(result.status == HeadStatus::bad);
        CHECK(result.code == row.code);
        CHECK(result.consumed == 0);
        CHECK(std::string_view(result.reason) != "");
    }
}

/// The same for field lines after a good request line and Host.
template <std::size_t N>
void check_rejected_fields(const std::string_view (&rows)[N]) {
    for (const std::string_view row : rows) {
        const std::string text = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(row) + "\r\n";
        check_rejected<1>({{text}});
    }
}

}  // namespace

TEST_SUITE("request_head") {
    TEST_CASE("A request line that is not exactly method SP target SP version is refused") {
        check_rejected({
            {"GET\r\n"},
            {"GET /\r\n"},  // HTTP/0.9
            {"GET / \r\n"},
            {"GET  HTTP/1.1\r\n"},
            {"GET   HTTP/1.1\r\n"},
            {"GET  / HTTP/1.1\r\n"},
            {"GET /  HTTP/1.1\r\n"},
            {"GET / HTTP/1.1 \r\n"},
            {" GET / HTTP/1.1\r\n"},
            {"\tGET / HTTP/1.1\r\n"},
            {"GET\t/ HTTP/1.1\r\n"},
            {"GET\t/\tHTTP/1.1\r\n"},
            {"GET /\tHTTP/1.1\r\n"},
            {"GET /\t HTTP/1.1\r\n"},
            {"GET / HTTP/1.1\t\r\n"},
            {"GET /a b HTTP/1.1\r\n"},
            {"GET\v/ HTTP/1.1\r\n"},
            {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"\0GET / HTTP/1.1\r\n"sv},
            {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv},  // TLS on a plain port
            {"OPTIONS  HTTP/1.1\r\n"},
            {"CONNECT  HTTP/1.1\r\n"},
        });
    }

    TEST_CASE("A request line ends in CRLF") {
        check_rejected({
            {"GET / HTTP/1.1\nHost: a\r\n\r\n"},
            {"GET / HTTP/1.1\n\n"},
            {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
            {"GET / HTTP/1.1\rHost: a\r\n\r\n"},
            {"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        });
    }

    TEST_CASE("A method is a token") {
        check_rejected({
            {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"GET: / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"G\"T / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"sv},
            {"G\x7fT / HTTP/1.1\r\nHost: a\r\n\r\n"},
            {"G\xC3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n"},
        });
    }

    TEST_CASE("A version is HTTP/1.x; another major one gets 505, anything else 400") {
        check_rejected({
            {"GET / HTTP/2.0\r\n", 505},
            {"PRI * HTTP/2.0\r\n", 505},
            {"GET / HTTP/3.0\r\n", 505},
            {"GET / HTTP/0.9\r\n", 505},
            {"GET / HTTP/9.9\r\n", 505},
            {"GET / HTTP/1.\r\n"},
            {"GET / HTTP/1\r\n"},
            {"GET / HTTP/.1\r\n"},
            {"GET / HTTP/11\r\n"},
            {"GET / HTTP/1.10\r\n"},
            {"GET / HTTP/1.1x\r\n"},
            {"GET / HTTP/01.1\r\n"},
            {"GET / HTTP/1,1\r\n"},
            {"GET / HTTP/1.x\r\n"},
            {"GET / HTTP/-1.1\r\n"},
            {"GET / http/1.1\r\n"},
            {"GET / Http/1.1\r\n"},
            {"GET / HTTPS/1.1\r\n"},
            {"GET / HTTP 1.1\r\n"},
            {"GET / ICY/1.1\r\n"},
            {"GET / HTTP/1.\xB9\r\n"},
            {"GET / HTTP/1.1\0\r\n"sv},
            {"GET /index.html FTP/1.1\r\n"},
        });
    }

    TEST_CASE("A target has one of the four forms and no odd byte") {
        check_rejected({
            {"GET * HTTP/1.1\r\n"},
            {"OPTIONS ** HTTP/1.1\r\n"},
            {"GET a HTTP/1.1\r\n"},
            {"GET a/b HTTP/1.1\r\n"},
            {"GET ?a HTTP/1.1\r\n"},
            {"GET a.example:80 HTTP/1.1\r\n"},
            {"GET /#a HTTP/1.1\r\n"},
            {"GET /\0 HTTP/1.1\r\n"sv},
            {"GET /\x01 HTTP/1.1\r\n"},
            {"GET /\x1f HTTP/1.1\r\n"},
            {"GET /\x7f HTTP/1.1\r\n"},
            {"GET http:// HTTP/1.1\r\n"},
            {"GET http:/a/ HTTP/1.1\r\n"},
            {"GET http:///a HTTP/1.1\r\n"},
            {"GET http://?a HTTP/1.1\r\n"},
            {"GET http://a?b HTTP/1.1\r\n"},
            {"GET http://user@a/ HTTP/1.1\r\n"},
            {"GET http://user:pass@a/ HTTP/1.1\r\n"},
            {"GET http://a:b/ HTTP/1.1\r\n"},
            {"GET http://a:65536/ HTTP/1.1\r\n"},
            {"GET http://a\\b/ HTTP/1.1\r\n"},
            {"GET http://[::1/ HTTP/1.1\r\n"},
            {"GET ftp://a/ HTTP/1.1\r\n"},
            {"GET javascript:alert(1) HTTP/1.1\r\n"},
            {"CONNECT / HTTP/1.1\r\n"},
            {"CONNECT a.example HTTP/1.1\r\n"},
            {"CONNECT http://a/ HTTP/1.1\r\n"},
            {"CONNECT [::1] HTTP/1.1\r\n"},
            {"CONNECT a.example: HTTP/1.1\r\n"},
            {"CONNECT a.example:x HTTP/1.1\r\n"},
            {"CONNECT :80 HTTP/1.1\r\n"},
        });
    }

    TEST_CASE("Two framings, or one that is not sure, are refused") {
        check_rejected_fields({
            // both
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            // lengths
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\ncontent-length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 5,6\r\n",
            "Content-Length: 5,\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5.0\r\n",
            "Content-Length: 5e1\r\n",
            "Content-Length: five\r\n",
            "Content-Length: \"5\"\r\n",
            "Content-Length: 5;a\r\n",
            "Content-Length: \xD9\xA5\r\n",
            "Content-Length:\r\n",
            "Content-Length: \t\r\n",
            // codings
            "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: ,\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunkedx\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: ,chunked\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: \vchunked\r\n",
            "Transfer-Encoding: chunked\x0b\r\n",
        });
        check_rejected({
            {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
            {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
        });
    }

    TEST_CASE("A field line is name, colon, value without controls") {
        check_rejected_fields({
            // folding
            "X: a\r\n b\r\n",
            "X: a\r\n\tb\r\n",
            " X: a\r\n",
            "\tContent-Length: 5\r\n",
            "X: a\r\n \r\n",
            // names
            "Content-Length : 5\r\n",
            "Transfer-Encoding\t: chunked\r\n",
            "X Y: a\r\n",
            ": a\r\n",
            "X\r\n",
            "X;: a\r\n",
            "X(: a\r\n",
            "\"X\": a\r\n",
            "X@: a\r\n",
            "X/Y: a\r\n",
            "X\0: a\r\n"sv,
            "X\x7f: a\r\n",
            "X\x80: a\r\n",
            "X\xC3\xA9: a\r\n",
            // values
            "X: a\0b\r\n"sv,
            "X: \0\r\n"sv,
            "X: a\x01\r\n",
            "X: a\x0b\r\n",
            "X: a\x1f\r\n",
            "X: a\x7f\r\n",
            // line ends
            "X: a\rb\r\n",
            "X: a\r\r\n",
            "X: a\r\n\rY: b\r\n",
            "X: a\n",
            "X: a\nY: b\r\n",
            "\nX: a\r\n",
        });
    }

    TEST_CASE("An empty line ends in CRLF") {
        check_rejected({
            {"GET / HTTP/1.1\r\nHost: a\r\n\n"},
            {"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"},
            {"GET / HTTP/1.1\r\nHost: a\r\n\rx"},
        });
    }

    TEST_CASE("HTTP/1.1 has exactly one Host, and it is valid in HTTP/1.0 too") {
        check_rejected({
            {"GET / HTTP/1.1\r\n\r\n"},
            {"GET / HTTP/1.2\r\n\r\n"},
            {"GET http://a/ HTTP/1.1\r\n\r\n"},
            {"OPTIONS * HTTP/1.1\r\n\r\n"},
            {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
            {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"},
            {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
            {"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"},
            {"GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"},
        });
        for (const std::string_view host : {"",          " ",         "a b",
                                            "a,b c",     "a/b",       "a\\b",
                                            "a?b",       "a#b",       "user@a",
                                            "http://a",  "a:80:80",   "a:x",
                                            "a:-1",      "a:65536",   "a:99999999999999999999",
                                            ":80",       "::1",       "[::1",
                                            "::1]",      "[]",        "[::1]80",
                                            "[::1]:x",   "[1.2.3.4]", "[fe80::1%25eth0]",
                                            "[v1.x]",    "a%",        "a%2",
                                            "a%2g",      "<a>",       "\"a\"",
                                            "a\xC3\xA9", "{a}",       "a|b",
                                            "a^b",       "a`b"}) {
            CAPTURE(host);
            CHECK_FALSE(is_valid_host(host));
            const std::string text = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
            check_rejected<1>({{text}});
        }
    }
}
