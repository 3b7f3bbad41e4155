// send_text, send_redirect, HTTPError and MessageClass of a BaseHTTPRequestHandler.
#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "handlers/http_error.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using Answer = MemoryServer::Answer;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view head = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";

Answer run(FunctionHandler::Function function, std::string_view text = get) {
    return MemoryServer(function_handler(std::move(function))).run(text);
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// What a derived class may put in place of the request's fields.
struct OwnHeaders : FunctionHandler {
    using FunctionHandler::FunctionHandler;
    MessageClass make_headers() override {
        MessageClass own = FunctionHandler::make_headers();
        own.add_header("X-User", "ann");
        own.erase("Host");
        return own;
    }
};

/// Another class of headers, with an answer of its own.
struct BearerHeaders : Headers {
    using Headers::Headers;
    std::string_view token() const {
        const std::string_view value = get("Authorization", "");
        return value.starts_with("Bearer ") ? value.substr(7) : std::string_view();
    }
};

struct BearerHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;
    using MessageClass = BearerHeaders;
    MessageClass headers{request.head().fields};
    void do_GET() override { send_text(200, headers.token()); }
};

}  // namespace

TEST_SUITE("BaseHTTPRequestHandler") {
    TEST_CASE("send_text is a whole answer") {
        const auto teapot = [](FunctionHandler& h) { h.send_text(418, "t\xc3\xa9"); };
        const Answer answer = run(teapot);
        CHECK(answer.bytes.starts_with("HTTP/1.1 418 I'm a Teapot\r\n"));
        CHECK(answer.has("Content-Type: text/plain; charset=utf-8"));
        CHECK(answer.has("Content-Length: 3"));
        CHECK(answer.body() == "t\xc3\xa9");
        CHECK_FALSE(answer.close);
        const Answer to_head = run(teapot, head);
        CHECK(to_head.has("Content-Length: 3"));
        CHECK(to_head.body().empty());
        CHECK_FALSE(to_head.close);
        CHECK(run([](FunctionHandler& h) {
                  h.send_text(200, "{}", "application/json");
              }).has("Content-Type: application/json"));
    }

    TEST_CASE("send_text says no length where there can be no content") {
        for (const int code : {204, 304}) {
            const Answer answer = run([code](FunctionHandler& h) { h.send_text(code, "x"); });
            CHECK_FALSE(contains(answer.bytes, "Content-"));
            CHECK(answer.body().empty());
            CHECK_FALSE(answer.close);
        }
    }

    TEST_CASE("send_redirect leads elsewhere, with GET unless told otherwise") {
        const Answer answer = run([](FunctionHandler& h) { h.send_redirect("/b?c"); });
        CHECK(answer.bytes.starts_with("HTTP/1.1 303 See Other\r\n"));
        CHECK(answer.has("Location: /b?c"));
        CHECK(answer.has("Content-Length: 0"));
        CHECK(run([](FunctionHandler& h) { h.send_redirect("/", 308); }).status == 308);
        MemoryServer server(
            function_handler([](FunctionHandler& h) { h.send_redirect("/\r\nSet-Cookie: x=y"); }));
        const Answer split = server.run(get);
        CHECK(split.status == 500);
        CHECK_FALSE(contains(split.bytes, "Set-Cookie"));
    }

    TEST_CASE("An HTTPError before the answer is the answer, and no error of the program") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("X-Half", "1");
            throw HTTPError(413, "No more than <1> file");
        }));
        const Answer answer = server.run(get);
        CHECK(answer.bytes.starts_with("HTTP/1.1 413 No more than <1> file\r\n"));
        CHECK(contains(answer.body(), "No more than &lt;1&gt; file"));
        CHECK_FALSE(contains(answer.bytes, "X-Half"));
        CHECK_FALSE(answer.close);
        CHECK(answer.status == 413);
        CHECK(answer.body_bytes == answer.body().size());
        const std::string log = server.error_log();
        CHECK_FALSE(contains(log, "Exception"));
        CHECK(contains(log, "code 413, message No more than <1> file"));
    }

    TEST_CASE("An HTTPError without a message has the usual phrase, one with lines is one line") {
        CHECK(run([](FunctionHandler&) {
                  throw HTTPError(404, "");
              }).bytes.starts_with("HTTP/1.1 404 Not Found\r\n"));
        const Answer answer =
            run([](FunctionHandler&) { throw HTTPError(400, "a\r\nSet-Cookie: b\nc"); });
        CHECK(answer.bytes.starts_with("HTTP/1.1 400 a  Set-Cookie: b c\r\n"));
        CHECK(run([](FunctionHandler&) { throw HTTPError(409, "no"); }, head).body().empty());
    }

    TEST_CASE("An HTTPError of a handler that was to wait ends the waiting") {
        const Answer answer = run([](FunctionHandler& h) {
            h.request.wants_turn = true;
            throw HTTPError(503, "Too late");
        });
        CHECK(answer.turns == 1);
        CHECK(answer.status == 503);
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("An HTTPError after the answer began cuts it short and is logged") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.answer("");
            throw HTTPError(400, "too late");
        }));
        const Answer answer = server.run(get);
        CHECK(answer.status == 200);
        CHECK(answer.close);
        CHECK(contains(server.error_log(), "too late"));
    }

    TEST_CASE("make_headers replaces what headers holds") {
        MemoryServer server(handler_class<OwnHeaders>([](FunctionHandler& h) {
            h.send_text(200, h.headers.joined("x-user").value_or("none") +
                                 std::to_string(h.headers.size()));
        }));
        CHECK(server.run("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n").body() == "ann2");
    }

    TEST_CASE("A handler may have headers of a class of its own") {
        MemoryServer server(handler_class<BearerHandler>());
        CHECK(server.run("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer xyz\r\n\r\n").body() ==
              "xyz");
    }
}
