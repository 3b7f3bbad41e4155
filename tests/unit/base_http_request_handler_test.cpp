// A BaseHTTPRequestHandler and its answers, without a network.
// Errors: base_http_errors_test.cpp.
#include "handlers/base_http_request_handler.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using namespace std::string_view_literals;
using Answer = MemoryServer::Answer;

namespace {

constexpr std::string_view get = "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view get_10 = "GET /a?b HTTP/1.0\r\n\r\n";
constexpr std::string_view get_10_keep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
constexpr std::string_view get_close = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
constexpr std::string_view head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";

Answer run(FunctionHandler::Function function, std::string_view text = get) {
    return MemoryServer(function_handler(std::move(function))).run(text);
}

/// The answer with the value of Date replaced by "*".
std::string without_date(const Answer& answer) {
    std::string text = answer.bytes;
    const std::size_t at = text.find("\r\nDate: ");
    if (at != std::string::npos) text.replace(at + 8, text.find("\r\n", at + 2) - at - 8, "*");
    return text;
}

}  // namespace

TEST_SUITE("BaseHTTPRequestHandler") {
    TEST_CASE("The variables are those of the request") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            CHECK(h.requestline == "POST /a%20b?c=d HTTP/1.1");
            CHECK(h.command == "POST");
            CHECK(h.path == "/a%20b?c=d");
            CHECK(h.request_version == "HTTP/1.1");
            CHECK(h.headers.get("host") == "h");
            CHECK(h.headers.size() == 3);
            CHECK(h.client_address.host == "192.0.2.7");
            CHECK(h.client_address.port == 4711);
            CHECK(h.address_string() == "192.0.2.7");
            CHECK(h.rfile.size() == 5);
            CHECK(h.rfile.read() == "hello");
            CHECK_FALSE(h.close_connection);
            CHECK(&h.server.log() != nullptr);
            h.answer("");
        }));
        const Answer answer = server.run(
            "POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX: y\r\n\r\nhello");
        CHECK(answer.status == 200);
        CHECK(answer.turns == 1);
    }

    TEST_CASE("An answer is status line, Server, Date, own fields in order, content") {
        const Answer answer = run([](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("X-Two", "2");
            h.send_header("x-one", "1");
            h.send_header("X-Two", "");
            h.send_header("Content-Length", 5);
            h.end_headers();
            h.wfile.write("hel");
            h.wfile.write("lo");
        });
        CHECK(without_date(answer) ==
              "HTTP/1.1 200 OK\r\nServer: basehttpd/0.1\r\nDate: *\r\nX-Two: 2\r\nx-one: 1\r\n"
              "X-Two: \r\nContent-Length: 5\r\n\r\nhello");
        CHECK_FALSE(answer.close);
        CHECK(answer.status == 200);
        CHECK(answer.body_bytes == 5);
    }

    TEST_CASE("Date is the form of RFC 9110") {
        run([](FunctionHandler& h) {
            CHECK(h.date_time_string(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
            CHECK(h.date_time_string().size() == 29);
            h.answer("");
        });
    }

    TEST_CASE("Framing follows from length, version, method and status") {
        struct Row {
            std::string_view what, request;
            int status;
            bool with_length;
            std::string_view ending;  // of the answer, after Date
            bool close;
        };
        const Row rows[] = {
            {"length", get, 200, true, "Content-Length: 2\r\n\r\nok", false},
            {"no length", get, 200, false, "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
             false},
            {"length, close", get_close, 200, true,
             "Content-Length: 2\r\nConnection: close\r\n\r\nok", true},
            {"no length, close", get_close, 200, false,
             "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
            {"1.0, length", get_10, 200, true, "Content-Length: 2\r\nConnection: close\r\n\r\nok",
             true},
            {"1.0, no length", get_10, 200, false, "Connection: close\r\n\r\nok", true},
            {"1.0 keep-alive, length", get_10_keep, 200, true,
             "Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok", false},
            {"1.0 keep-alive, no length", get_10_keep, 200, false, "Connection: close\r\n\r\nok",
             true},
            {"HEAD, length", head, 200, true, "Content-Length: 2\r\n\r\n", false},
            {"HEAD, no length", head, 200, false, "\r\n", false},
            {"204", get, 204, false, "\r\n", false},
            {"205", get, 205, false, "Content-Length: 0\r\n\r\n", false},
            {"304", get, 304, false, "\r\n", false},
            {"304, length", get, 304, true, "Content-Length: 2\r\n\r\n", false},
            {"404", get, 404, true, "Content-Length: 2\r\n\r\nok", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            const Answer answer = run(
                [&row](FunctionHandler& h) {
                    h.send_response(row.status);
                    if (row.with_length) h.send_header("Content-Length", "2");
                    h.end_headers();
                    h.wfile.write("ok");
                },
                row.request);
            const std::string text = without_date(answer);
            CHECK(text.substr(text.find("Date: *\r\n") + 9) == row.ending);
            CHECK(answer.close == row.close);
        }
    }

    TEST_CASE("A handler of protocol HTTP/1.0 says so and closes") {
        const auto function = [](FunctionHandler& h) {
            h.protocol_version = "HTTP/1.0";
            h.close_connection = true;
            h.send_response(200);
            h.end_headers();
            h.wfile.write("ok");
        };
        const Answer answer = run(function);
        CHECK(without_date(answer) ==
              "HTTP/1.0 200 OK\r\nServer: basehttpd/0.1\r\nDate: *\r\nConnection: close\r\n\r\nok");
        CHECK(answer.close);
    }

    TEST_CASE("A handler closes by its variable or by the header field") {
        const Answer by_variable = run([](FunctionHandler& h) {
            h.close_connection = true;
            h.answer("ok");
        });
        CHECK(by_variable.close);
        CHECK(by_variable.has("Connection: close"));
        const Answer by_field = run([](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Connection", "Close");
            h.send_header("Content-Length", 0);
            h.end_headers();
        });
        CHECK(by_field.close);
        CHECK(by_field.has("Connection: Close"));
        CHECK(by_field.bytes.find("Connection") == by_field.bytes.rfind("Connection"));
    }

    TEST_CASE("Content of many sizes arrives whole, counted or chunked") {
        for (const std::size_t size : {0u, 1u, 4095u, 4096u, 32768u, 100'000u, 200'000u}) {
            CAPTURE(size);
            const std::string content(size, 'x');
            const auto owner = std::make_shared<std::string>(content);
            const Answer counted = run([&](FunctionHandler& h) { h.answer(content); });
            CHECK(counted.body() == content);
            const Answer chunked = run([&](FunctionHandler& h) {
                h.send_response(200);
                h.end_headers();
                h.wfile.write("begin ");
                h.wfile.write_shared(owner, *owner);
                h.wfile.write(" end");
            });
            CHECK(chunked.body_bytes == size + 10);
            CHECK(chunked.body().substr(chunked.body().size() - 7) == "\r\n0\r\n\r\n"sv.substr(0));
        }
    }

    TEST_CASE("More than Content-Length is dropped and logged, less closes") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Content-Length", "2");
            h.end_headers();
            h.wfile.write(h.path == "/more" ? "okay" : "o");
        }));
        const Answer more = server.run("GET /more HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(more.body() == "ok");
        CHECK(more.body_bytes == 2);
        CHECK_FALSE(more.close);
        const Answer less = server.run("GET /less HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(less.body() == "o");
        CHECK(less.close);
        CHECK(server.error_log().find("more than its Content-Length") != std::string::npos);
    }

    TEST_CASE("A header field cannot be split and its name is a token") {
        run([](FunctionHandler& h) {
            h.send_response(200);
            for (const std::string_view value : {"a\rb"sv, "a\nb"sv, "a\r\nb"sv, "a\0b"sv, "\n"sv})
                CHECK_THROWS_AS(h.send_header("X", value), std::invalid_argument);
            for (const std::string_view name :
                 {""sv, "X:"sv, "X Y"sv, "X\r\n"sv, "X\0"sv, "\xC3"sv})
                CHECK_THROWS_AS(h.send_header(name, "a"), std::invalid_argument);
            for (const std::string_view phrase : {"a\rb"sv, "a\nb"sv, "a\0b"sv})
                CHECK_THROWS_AS(h.send_response_only(200, phrase), std::invalid_argument);
            h.send_header("Content-Length", 0);
            h.end_headers();
        });
    }

    TEST_CASE("A phrase is the known one, or the handler's") {
        struct Row {
            int code;
            std::string_view phrase, line;
        };
        const Row rows[] = {
            {200, "", "HTTP/1.1 200 OK\r\n"},
            {200, "Fine", "HTTP/1.1 200 Fine\r\n"},
            {404, "", "HTTP/1.1 404 Not Found\r\n"},
            {418, "Short and stout", "HTTP/1.1 418 Short and stout\r\n"},
            {599, "", "HTTP/1.1 599 \r\n"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.line);
            const Answer answer = run([&row](FunctionHandler& h) {
                h.send_response(row.code, row.phrase);
                h.send_header("Content-Length", 0);
                h.end_headers();
            });
            CHECK(answer.bytes.substr(0, row.line.size()) == row.line);
        }
    }

    TEST_CASE("version_string is server_version and sys_version, and may be empty") {
        struct Row {
            std::string_view server_version, sys_version, line;
        };
        for (const Row& row :
             {Row{"a/1", "", "Server: a/1"}, Row{"a/1", "b/2", "Server: a/1 b/2"}}) {
            const Answer answer = run([&row](FunctionHandler& h) {
                h.server_version = row.server_version;
                h.sys_version = row.sys_version;
                h.answer("");
            });
            CHECK(answer.has(row.line));
        }
        const Answer silent = run([](FunctionHandler& h) {
            h.server_version = "";
            h.answer("");
        });
        CHECK(silent.bytes.find("Server") == std::string::npos);
    }

    TEST_CASE("A method that is registered runs, in its exact case") {
        class Spam : public FunctionHandler {
          public:
            Spam(Request& r, const Address& a, BaseServer& s)
                : FunctionHandler(r, a, s, [](FunctionHandler& h) { h.answer("known"); }) {
                add_method("SPAM", [this] { answer("spam, spam"); });
                add_method("PUT", [this] { answer("another put"); });
            }
        };
        MemoryServer server(handler_class<Spam>());
        CHECK(server.run("SPAM / HTTP/1.1\r\nHost: h\r\n\r\n").body() == "spam, spam");
        CHECK(server.run("PUT / HTTP/1.1\r\nHost: h\r\n\r\n").body() == "another put");
        CHECK(server.run(get).body() == "known");
        CHECK(server.run("spam / HTTP/1.1\r\nHost: h\r\n\r\n").status == 501);
        CHECK(server.run("SPAMS / HTTP/1.1\r\nHost: h\r\n\r\n").status == 501);
    }

    TEST_CASE("A path never begins with two slashes, so that it is no other host") {
        const std::pair<std::string_view, std::string_view> rows[] = {
            {"//evil.example/x", "/evil.example/x"},
            {"///a", "/a"},
            {"//", "/"},
            {"/", "/"},
            {"/a//b", "/a//b"},
            {"/?//", "/?//"},
        };
        for (const auto& [target, path] : rows) {
            CAPTURE(target);
            const Answer answer =
                run([](FunctionHandler& h) { h.answer(h.path); },
                    "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
            CHECK(answer.body() == path);
        }
    }
}
