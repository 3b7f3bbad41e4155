#include "handlers/cgi/response_header.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::string_view_literals;

using Kind = ScriptHeader::Kind;
using Status = ScriptHeaderReader::Status;

namespace {

struct Outcome {
    Status status = Status::more;
    std::string error;
    ScriptHeader header;
    std::string content;  // all of the output that is not header

    bool operator==(const Outcome&) const = default;
};

// The whole output of a script, in pieces of that size.
Outcome read(std::string_view text, std::size_t piece = 1'000'000, std::size_t limit = 65536) {
    ScriptHeaderReader reader(limit);
    Outcome outcome;
    while (!text.empty() && outcome.status == Status::more) {
        outcome.status = reader.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
    }
    outcome.status = reader.finish();
    outcome.error = reader.error();
    if (outcome.status != Status::done) return outcome;
    outcome.header = reader.header();
    outcome.content = std::string(reader.rest()) + std::string(text);
    return outcome;
}

// The fields of a good header as lines.
std::string fields_of(std::string_view text) {
    const Outcome outcome = read(text);
    REQUIRE_MESSAGE(outcome.status == Status::done, outcome.error);
    std::string lines;
    for (const auto& [name, value] : outcome.header.fields)
        lines.append(name).append(": ").append(value).append("\n");
    return lines;
}

}  // namespace

TEST_SUITE("ScriptHeaderReader") {
    TEST_CASE("A document has the status 200 unless the script says another") {
        struct Row {
            std::string_view text;
            int status;
            std::string_view reason;
        };
        const Row rows[] = {
            {"Content-Type: text/html\n\n", 200, ""},
            {"Status: 404 Not Found\n\n", 404, "Not Found"},
            {"Status: 404\n\n", 404, ""},
            {"status:404\t Gone  away \n\n", 404, "Gone  away"},
            {"Content-Type: text/html\nStatus: 599 x\n\n", 599, "x"},
            {"Status: 204 \n\n", 204, ""},
            {"Status: 200 \xc3\xa4\n\n", 200, "\xc3\xa4"},
            // as nph scripts write it
            {"HTTP/1.1 200 OK\n\n", 200, "OK"},
            {"HTTP/1.0 503 Busy\r\nContent-Type: a/b\r\n\r\n", 503, "Busy"},
            {"HTTP/2 403\n\n", 403, ""},
            {"HTTP/1.0 404 Not Found\nServer: x\nStatus: 404 Nothing\n\n", 404, "Nothing"},
            {"HTTP/1.0 404 Not Found\nStatus: 404\n\n", 404, "Not Found"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            const Outcome outcome = read(row.text);
            CHECK(outcome.error == "");
            CHECK(outcome.status == Status::done);
            CHECK(outcome.header.kind == Kind::document);
            CHECK(outcome.header.status == row.status);
            CHECK(outcome.header.reason == row.reason);
        }
    }

    TEST_CASE("A location is followed by the server if it is a path and nothing speaks against") {
        struct Row {
            std::string_view text;
            Kind kind;
            int status;
            std::string_view location;
        };
        const Row rows[] = {
            {"Location: /a?b\n\n", Kind::local_redirect, 200, "/a?b"},
            {"location:/\nContent-Type: x/y\n\nignored", Kind::local_redirect, 200, "/"},
            {"Location: http://a/b\n\n", Kind::client_redirect, 302, "http://a/b"},
            {"Location: //other/b\n\n", Kind::client_redirect, 302, "//other/b"},
            {"Location: next\n\n", Kind::client_redirect, 302, "next"},
            {"Location: /a#part\n\n", Kind::client_redirect, 302, "/a#part"},
            {"Location: /a\nStatus: 303 x\n\n", Kind::client_redirect, 303, "/a"},
            {"Status: 200\nLocation: /a\n\n", Kind::client_redirect, 200, "/a"},
            {"Status: 201 Made\nLocation: http://a/b\n\n", Kind::client_redirect, 201,
             "http://a/b"},
            {"HTTP/1.1 301 Moved\nLocation: /a\n\n", Kind::client_redirect, 301, "/a"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            const Outcome outcome = read(row.text);
            CHECK(outcome.status == Status::done);
            CHECK(outcome.header.kind == row.kind);
            CHECK(outcome.header.status == row.status);
            CHECK(outcome.header.location == row.location);
        }
        CHECK(fields_of("Location: /a\nX: 1\n\n") == "X: 1\n");
        CHECK(fields_of("Location: http://a/\nX: 1\n\n") == "Location: http://a/\nX: 1\n");
    }

    TEST_CASE("Fields go out in their order, without those that are not the script's to say") {
        CHECK(fields_of("Set-Cookie: a=1\n"
                        "content-TYPE:  text/html; charset=utf-8 \t\n"
                        "Status: 200 OK\n"
                        "Set-Cookie: b=2\n"
                        "Content-Length: 5\n"
                        "X-Sendfile: /srv/a\n"
                        "Date: today\n"
                        "Server: mine\n"
                        "Connection: close, X-Hop ,, x-other\n"
                        "Keep-Alive: timeout=5\n"
                        "Proxy-Connection: keep-alive\n"
                        "TE: trailers\n"
                        "Trailer: X\n"
                        "Transfer-Encoding: chunked\n"
                        "Upgrade: h2c\n"
                        "x-hop: 1\n"
                        "X-OTHER: 2\n"
                        "WWW-Authenticate: Basic\n"
                        "Proxy-Authenticate: Basic\n"
                        "Empty:\n"
                        "Set-Cookie: a=3\n\n") ==
              "Set-Cookie: a=1\n"
              "content-TYPE: text/html; charset=utf-8\n"
              "Set-Cookie: b=2\n"
              "WWW-Authenticate: Basic\n"
              "Proxy-Authenticate: Basic\n"
              "Empty: \n"
              "Set-Cookie: a=3\n");
        CHECK(fields_of("X-Hop: 1\nConnection: x-hop\nContent-Type:\n\n") == "");
    }

    TEST_CASE("Content-Type, Content-Length and X-Sendfile are told apart") {
        const ScriptHeader header = read(
                                        "Content-Type: a/b\nCONTENT-LENGTH: 007\n"
                                        "Content-Length: 7\nX-SendFile: /srv/a b\n\n")
                                        .header;
        CHECK(header.content_type == "a/b");
        CHECK(header.content_length == 7);
        CHECK(header.sendfile == "/srv/a b");
        CHECK(read("Content-Length: 18446744073709551615\n\n").header.content_length ==
              18446744073709551615u);
        CHECK(!read("Content-Type: a/b\n\n").header.content_length);
    }

    TEST_CASE("The content is all that follows the first empty line") {
        struct Row {
            std::string_view text, content;
        };
        const Row rows[] = {
            {"A: b\n\n", ""},
            {"A: b\n\nx", "x"},
            {"A: b\r\n\r\nx\r\n", "x\r\n"},
            {"A: b\r\n\nx", "x"},
            {"A: b\n\r\nx", "x"},
            {"A: b\nC: d\r\nE: f\n\n\n\n", "\n\n"},
            {"A: b\n\n\0\xff"sv, "\0\xff"sv},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            for (const std::size_t piece : {1u, 2u, 3u, 5u, 1000u}) {
                CAPTURE(piece);
                const Outcome outcome = read(row.text, piece);
                CHECK(outcome.error == "");
                CHECK(outcome.status == Status::done);
                CHECK(outcome.content == row.content);
            }
        }
    }

    TEST_CASE("A bad header is refused with the reason") {
        struct Row {
            std::string_view text, error;
        };
        const Row rows[] = {
            {"", "it wrote nothing"},
            {"\n", "the header has no field, it begins with an empty line"},
            {"\r\nA: b\n\n", "the header has no field, it begins with an empty line"},
            {"\r", "the header has no end (an empty line)"},
            {"A: b", "the header has no end (an empty line)"},
            {"A: b\n", "the header has no end (an empty line)"},
            {"A: b\r\n\r", "the header has no end (an empty line)"},
            {"Hello", "the header line 'Hello' has no colon"},
            {"Hello\n", "the header line 'Hello' has no colon"},
            {"A: b\nHello\n\n", "the header line 'Hello' has no colon"},
            {"Traceback (most recent call last) in a file with a very long name:x\n",
             "the header line 'Traceback (most recent call last) in a file with a very long...' "
             "has no proper name before its colon"},
            {"A : b\n\n", "the header line 'A : b' has no proper name before its colon"},
            {": b\n\n", "the header line ': b' has no proper name before its colon"},
            {"A(: b\n\n", "the header line 'A(: b' has no proper name before its colon"},
            {"\xef\xbb\xbf"
             "A: b\n\n",
             "the header line '\xef\xbb\xbf"
             "A: b' has no proper name before its colon"},
            {"A: b\n c\n\n",
             "the header line ' c' begins with a blank, as if it continued another"},
            {"A: b\n\tc: d\n\n",
             "the header line '\tc: d' begins with a blank, as if it continued another"},
            {" A: b\n\n",
             "the header line ' A: b' begins with a blank, as if it continued another"},
            {"A: b\n \n\n", "the header line ' ' begins with a blank, as if it continued another"},
            {"A: b\0c\n\n"sv, "the header line 'A: b\0c' has a control character"sv},
            {"A: b\rc\n\n", "the header line 'A: b\rc' has a control character"},
            {"A: b\r\r\n\n", "the header line 'A: b\r' has a control character"},
            {"A: \x1b[0m\n\n", "the header line 'A: \x1b[0m' has a control character"},
            {"A: b\x7f\n\n", "the header line 'A: b\x7f' has a control character"},
            {"Status: 199\n\n", "the header line 'Status: 199' has no status from 200 to 599"},
            {"Status: 100 Continue\n\n",
             "the header line 'Status: 100 Continue' has no status from 200 to 599"},
            {"Status: 600\n\n", "the header line 'Status: 600' has no status from 200 to 599"},
            {"Status: 0200\n\n", "the header line 'Status: 0200' has no status from 200 to 599"},
            {"Status: 200OK\n\n", "the header line 'Status: 200OK' has no status from 200 to 599"},
            {"Status: -200\n\n", "the header line 'Status: -200' has no status from 200 to 599"},
            {"Status:\n\n", "the header line 'Status:' has no status from 200 to 599"},
            {"Status: OK\n\n", "the header line 'Status: OK' has no status from 200 to 599"},
            {"Status: 99999999999 x\n\n",
             "the header line 'Status: 99999999999 x' has no status from 200 to 599"},
            {"Status: 200\nStatus: 200\n\n", "the header line 'Status: 200' gives a second status"},
            {"HTTP/1.1 200 OK\nStatus: 404\n\n",
             "the header line 'Status: 404' differs from the status line"},
            {"HTTP/1.1 100 Continue\n\n",
             "the header line 'HTTP/1.1 100 Continue' has no status from 200 to 599"},
            {"HTTP/1.1 OK\n\n", "the header line 'HTTP/1.1 OK' has no status from 200 to 599"},
            {"HTTP/x 200 OK\n\n", "the header line 'HTTP/x 200 OK' has no colon"},
            {"A: b\nHTTP/1.1 200 OK\n\n", "the header line 'HTTP/1.1 200 OK' has no colon"},
            {"Content-Length: 5x\n\n",
             "the header line 'Content-Length: 5x' is not a number of bytes"},
            {"Content-Length: -5\n\n",
             "the header line 'Content-Length: -5' is not a number of bytes"},
            {"Content-Length: +5\n\n",
             "the header line 'Content-Length: +5' is not a number of bytes"},
            {"Content-Length:\n\n", "the header line 'Content-Length:' is not a number of bytes"},
            {"Content-Length: 18446744073709551616\n\n",
             "the header line 'Content-Length: 18446744073709551616' is not a number of bytes"},
            {"Content-Length: 5, 5\n\n",
             "the header line 'Content-Length: 5, 5' is not a number of bytes"},
            {"Content-Length: 5\nContent-Length: 6\n\n",
             "the header line 'Content-Length: 6' differs from the Content-Length before"},
            {"Location: /a\nLocation: /a\n\n",
             "the header line 'Location: /a' gives that field a second time"},
            {"Location:\n\n", "the header line 'Location:' has no value"},
            {"Content-Type: a/b\ncontent-type: a/b\n\n",
             "the header line 'content-type: a/b' gives that field a second time"},
            {"X-Sendfile: /a\nX-Sendfile: /b\n\n",
             "the header line 'X-Sendfile: /b' gives that field a second time"},
            {"X-Sendfile: \n\n", "the header line 'X-Sendfile: ' has no value"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            for (const std::size_t piece : {1u, 7u, 1000u}) {
                CAPTURE(piece);
                const Outcome outcome = read(row.text, piece);
                CHECK(outcome.status == Status::bad);
                CHECK(outcome.error == row.error);
            }
        }
    }

    TEST_CASE("A header may have exactly as many bytes as the limit") {
        constexpr std::string_view text = "A: b\r\n\r\ncontent";  // 8 bytes of header
        for (const std::size_t piece : {1u, 3u, 8u, 1000u}) {
            CAPTURE(piece);
            CHECK(read(text, piece, 8).status == Status::done);
            CHECK(read(text, piece, 8).content == "content");
            CHECK(read(text, piece, 7).status == Status::bad);
            CHECK(read(text, piece, 7).error == "the header has more than 7 bytes");
        }
        const Outcome endless = read(std::string(70'000, 'x'), 4096);
        CHECK(endless.error == "the header has more than 65536 bytes");
        // What is wrong before the limit is told rather than the limit.
        CHECK(read("Hello\n" + std::string(70'000, 'x')).error ==
              "the header line 'Hello' has no colon");
    }

    TEST_CASE("A reader is done or bad as soon as it can be") {
        ScriptHeaderReader good(100);
        CHECK(good.feed("A: b\n") == Status::more);
        CHECK(good.feed("\r") == Status::more);
        CHECK(good.feed("\nx") == Status::done);
        CHECK(good.finish() == Status::done);
        CHECK(good.rest() == "x");
        ScriptHeaderReader bad(100);
        CHECK(bad.feed("Hello\n") == Status::bad);
        CHECK(bad.finish() == Status::bad);
        CHECK(bad.error() == "the header line 'Hello' has no colon");
    }

    TEST_CASE("A header of many options and fields takes time in proportion") {
        std::string text = "Connection: ";
        for (int i = 0; i < 100'000; ++i) text += "x" + std::to_string(i) + ",";
        text += "\n";
        for (int i = 0; i < 100'000; ++i) text += "y" + std::to_string(i) + ":\n";
        const Outcome outcome = read(text + "\n", 1, 10'000'000);
        CHECK(outcome.status == Status::done);
        CHECK(outcome.header.fields.size() == 100'000);
    }
}
