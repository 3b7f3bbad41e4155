// Error pages, refused requests, expectations and exceptions of a BaseHTTPRequestHandler.
#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using Answer = MemoryServer::Answer;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view expecting =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello";

Answer run(FunctionHandler::Function function, std::string_view text = get) {
    return MemoryServer(function_handler(std::move(function))).run(text);
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

void echo_body(FunctionHandler& h) { h.answer("[" + h.rfile.read() + "]"); }

}  // namespace

TEST_SUITE("BaseHTTPRequestHandler") {
    TEST_CASE("send_error sends a whole page with its length and keeps the connection") {
        const Answer answer = run([](FunctionHandler& h) { h.send_error(404); });
        CHECK(answer.status == 404);
        CHECK(answer.bytes.starts_with("HTTP/1.1 404 Not Found\r\n"));
        CHECK(answer.has("Content-Type: text/html;charset=utf-8"));
        CHECK(answer.has("Content-Length: " + std::to_string(answer.body().size())));
        CHECK(contains(answer.body(), "404 Not Found"));
        CHECK(contains(answer.body(), "</html>"));
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("An error page is escaped and says what the handler says") {
        const Answer answer = run([](FunctionHandler& h) {
            h.send_error(403, "<b>\"no\" & 'never'", "%(message)s <script>");
        });
        CHECK(answer.bytes.starts_with("HTTP/1.1 403 <b>\"no\" & 'never'\r\n"));
        CHECK(contains(answer.body(), "&lt;b&gt;"));
        CHECK(contains(answer.body(), "&lt;script&gt;"));
        CHECK_FALSE(contains(answer.body(), "<b>"));
        CHECK_FALSE(contains(answer.body(), "<script>"));
    }

    TEST_CASE("An error page has the handler's format and type") {
        const Answer answer = run([](FunctionHandler& h) {
            h.error_message_format = "100%% %(code)d|%(message)s|%(explain)s";
            h.error_content_type = "text/plain";
            h.send_error(404, "M", "E");
        });
        CHECK(answer.body() == "100% 404|M|E");
        CHECK(answer.has("Content-Type: text/plain"));
    }

    TEST_CASE("An error answer has no body where HTTP forbids one") {
        struct Row {
            std::string_view request;
            int code;
            bool typed;  // has Content-Type, as the answer to GET would have
        };
        for (const Row& row : {Row{"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", 404, true},
                               Row{get, 204, false}, Row{get, 205, false}, Row{get, 304, false}}) {
            CAPTURE(row.code);
            const Answer answer =
                run([&row](FunctionHandler& h) { h.send_error(row.code); }, row.request);
            CHECK(answer.status == row.code);
            CHECK(answer.body().empty());
            CHECK(contains(answer.head(), "Content-Type") == row.typed);
            CHECK_FALSE(contains(answer.head(), "Transfer-Encoding"));
            CHECK_FALSE(answer.close);
        }
    }

    TEST_CASE("send_error with an interim status sends no page") {
        const Answer answer = run([](FunctionHandler& h) {
            h.send_error(103);
            h.answer("ok");
        });
        CHECK(answer.bytes.starts_with("HTTP/1.1 103 "));
        CHECK(contains(answer.bytes, "\r\n\r\nHTTP/1.1 200 OK\r\n"));
        CHECK(answer.bytes.ends_with("\r\n\r\nok"));
        CHECK_FALSE(contains(answer.bytes, "<html"));
        CHECK(answer.status == 200);
    }

    TEST_CASE("503 tells when to come again") {
        CHECK(run([](FunctionHandler& h) { h.send_error(503); }).has("Retry-After: 5"));
    }

    TEST_CASE("An unknown status has an unknown phrase") {
        const Answer answer = run([](FunctionHandler& h) { h.send_error(599); });
        CHECK(answer.bytes.starts_with("HTTP/1.1 599 ???\r\n"));
    }

    TEST_CASE("A method without do_X is 501 with its name") {
        MemoryServer server(handler_class<BaseHTTPRequestHandler>());
        for (const std::string method :
             {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"}) {
            CAPTURE(method);
            const Answer answer = server.run(method + " / HTTP/1.1\r\nHost: h\r\n\r\n");
            CHECK(answer.status == 501);
            CHECK(answer.bytes.starts_with("HTTP/1.1 501 Unsupported method ('" + method + "')"));
            CHECK_FALSE(answer.close);
        }
    }

    TEST_CASE("A rejected request gets its status and closes") {
        struct Row {
            std::string_view text;
            int code;
        };
        const Row rows[] = {
            {"GARBAGE\r\n\r\n", 400},
            {"GET / HTTP/2.0\r\n\r\n", 505},
            {"GET /", 408},
            {"", 408},
            {get, 503},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            MemoryServer server(function_handler([](FunctionHandler&) { FAIL("must not run"); }));
            const Answer answer = server.run_rejected(row.text, row.code, "because <x>");
            CHECK(answer.status == row.code);
            CHECK(answer.close);
            CHECK(answer.has("Connection: close"));
            CHECK(contains(answer.body(), "because &lt;x&gt;"));
        }
    }

    TEST_CASE("An unknown expectation is 417, before the handler runs") {
        const Answer answer = run([](FunctionHandler&) { FAIL("must not run"); },
                                  "GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n");
        CHECK(answer.status == 417);
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("The body is asked for with 100 Continue, then the handler runs once") {
        int runs = 0;
        MemoryServer server(function_handler([&](FunctionHandler& h) {
            ++runs;
            echo_body(h);
        }));
        const Answer answer = server.run(expecting, true);
        CHECK(server.before_body == "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(answer.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.body() == "[hello]");
        CHECK(answer.turns == 2);
        CHECK(runs == 1);
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("No 100 Continue is sent when the body is there already") {
        const Answer answer = run(echo_body, expecting);
        CHECK(answer.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.body() == "[hello]");
    }

    TEST_CASE("A handler that does not want the body runs without it and sends no 100") {
        struct Uninterested : FunctionHandler {
            Uninterested(Request& r, const Address& a, BaseServer& s)
                : FunctionHandler(r, a, s, [](FunctionHandler& h) { h.send_error(403); }) {}
            bool needs_body() const override { return false; }
        };
        MemoryServer server(handler_class<Uninterested>());
        const Answer answer = server.run(expecting, true);
        CHECK(answer.bytes.starts_with("HTTP/1.1 403 "));
        CHECK(answer.turns == 1);
    }

    TEST_CASE("handle_expect_100 may refuse") {
        struct Refusing : FunctionHandler {
            Refusing(Request& r, const Address& a, BaseServer& s)
                : FunctionHandler(r, a, s, [](FunctionHandler&) { FAIL("must not run"); }) {}
            bool handle_expect_100() override {
                send_error(417);
                return false;
            }
        };
        MemoryServer server(handler_class<Refusing>());
        const Answer answer = server.run(expecting, true);
        CHECK(answer.bytes.starts_with("HTTP/1.1 417 "));
        CHECK(answer.turns == 1);
    }

    TEST_CASE("An exception before the answer is a 500 that says nothing, and is logged") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("X-Secret", "1");
            throw std::runtime_error("the secret\nreason");
        }));
        const Answer answer = server.run(get);
        CHECK(answer.status == 500);
        CHECK(answer.bytes.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
        CHECK_FALSE(contains(answer.bytes, "ecret"));
        CHECK(answer.close);
        CHECK(answer.turns == 1);
        const std::string log = server.error_log();
        CHECK(contains(log, "192.0.2.7:4711 \"GET /a HTTP/1.1\": the secret\\x0areason\n"));
    }

    TEST_CASE("An exception within the content cuts the answer short") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            h.wfile.write("half");
            throw 42;
        }));
        const Answer answer = server.run(get);
        CHECK(answer.body() == "4\r\nhalf\r\n");  // no last chunk: the client can tell
        CHECK(answer.close);
        CHECK(contains(server.error_log(), "not a std::exception"));
    }

    TEST_CASE("A handler that sends nothing is a 500, and is logged") {
        MemoryServer server(function_handler([](FunctionHandler&) {}));
        const Answer answer = server.run(get);
        CHECK(answer.status == 500);
        CHECK(contains(server.error_log(), "no answer"));
    }

    TEST_CASE("A second answer to one request is not sent, for it would answer the next") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.answer("ok");
            h.send_error(500);
        }));
        const Answer answer = server.run(get);
        CHECK(answer.body() == "ok");
        CHECK(answer.close);
    }

    TEST_CASE("A Content-Length that is no number is refused") {
        run([](FunctionHandler& h) {
            h.send_response(200);
            for (const std::string_view value : {"", "x", "-1", "+1", "1 ", "1, 1", "1x", "0x1"}) {
                CAPTURE(value);
                CHECK_THROWS_AS(h.send_header("content-length", value), std::invalid_argument);
            }
            h.send_header("Content-Length", 0);
            CHECK_THROWS_AS(h.send_header("Content-Length", 1), std::invalid_argument);
            h.end_headers();
        });
    }

    TEST_CASE("finish() follows handle() even when that throws, but not a setup() that throws") {
        static std::string calls;
        struct Traced : BaseRequestHandler {
            using BaseRequestHandler::BaseRequestHandler;
            void setup() override {
                calls += "setup ";
                if (request.head().target == "/setup") throw std::runtime_error("setup");
            }
            void handle() override {
                calls += "handle ";
                if (request.head().target == "/handle") throw std::runtime_error("handle");
            }
            void finish() override { calls += "finish "; }
        };
        const std::pair<std::string, std::string> rows[] = {
            {"/", "setup handle finish "},
            {"/handle", "setup handle finish "},
            {"/setup", "setup "},
        };
        for (const auto& [target, expected] : rows) {
            CAPTURE(target);
            calls.clear();
            MemoryServer server(handler_class<Traced>());
            CHECK(server.run("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").turns == 1);
            CHECK(calls == expected);
        }
    }
}
