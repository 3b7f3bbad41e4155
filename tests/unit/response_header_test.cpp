// What a script may say in its header, and what becomes of it.
#include "handlers/cgi/response_header.hpp"

#include <doctest/doctest.h>

#include <ostream>

#include "tests/support/script_output.hpp"

using namespace basehttp;
using namespace std::string_view_literals;

using Kind = ScriptHeader::Kind;
using Status = ScriptHeaderReader::Status;

namespace {

// The fields of a good header as lines.
std::string fields_of(std::string_view text) {
    const ScriptOutcome outcome = read_script_output(text);
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
            const ScriptOutcome outcome = read_script_output(row.text);
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
            const ScriptOutcome outcome = read_script_output(row.text);
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
        const ScriptHeader header = read_script_output(
                                        "Content-Type: a/b\nCONTENT-LENGTH: 007\n"
                                        "Content-Length: 7\nX-SendFile: /srv/a b\n\n")
                                        .header;
        CHECK(header.content_type == "a/b");
        CHECK(header.content_length == 7);
        CHECK(header.sendfile == "/srv/a b");
        CHECK(
            read_script_output("Content-Length: 18446744073709551615\n\n").header.content_length ==
            18446744073709551615u);
        CHECK(!read_script_output("Content-Type: a/b\n\n").header.content_length);
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
                const ScriptOutcome outcome = read_script_output(row.text, piece);
                CHECK(outcome.error == "");
                CHECK(outcome.status == Status::done);
                CHECK(outcome.content == row.content);
            }
        }
    }
}
