// What a BaseHTTPRequestHandler logs, and what of that a derived class may change.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

void not_found(FunctionHandler& h) { h.send_error(404); }

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string messages;

struct OwnMessages : FunctionHandler {
    OwnMessages(Request& r, const Address& a, BaseServer& s)
        : FunctionHandler(r, a, s, not_found) {}
    void log_message(std::string_view message) override { messages.append(message).append("\n"); }
};

struct OwnRequests : FunctionHandler {
    OwnRequests(Request& r, const Address& a, BaseServer& s)
        : FunctionHandler(r, a, s, not_found) {}
    void log_request(int code, std::string_view size) override {
        messages += std::to_string(code) + " " + std::string(size) + "\n";
    }
};

}  // namespace

TEST_SUITE("BaseHTTPRequestHandler") {
    TEST_CASE("An answer is marked for the server's access log, with status and bytes") {
        MemoryServer server(function_handler([](FunctionHandler& h) { h.answer("okay"); }));
        const MemoryServer::Answer answer = server.run(get);
        CHECK(answer.logged);
        CHECK(answer.status == 200);
        CHECK(answer.body_bytes == 4);
        CHECK(server.access_log() == "");  // the loop writes the line when the answer is out
    }

    TEST_CASE(
        "log_message gets Python's texts when it is overridden, and the server logs no line") {
        messages.clear();
        const MemoryServer::Answer answer = MemoryServer(handler_class<OwnMessages>()).run(get);
        CHECK(messages == "code 404, message Not Found\n\"GET /a HTTP/1.1\" 404 -\n");
        CHECK_FALSE(answer.logged);
    }

    TEST_CASE(
        "log_request gets status and size when it is overridden, and the server logs no line") {
        messages.clear();
        const MemoryServer::Answer answer = MemoryServer(handler_class<OwnRequests>()).run(get);
        CHECK(messages == "404 -\n");
        CHECK_FALSE(answer.logged);
    }

    TEST_CASE("Messages stand beside the requests in http.server's manner, escaped") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
                                h.log_error("forged\n1.2.3.4 \x1b[31m");
                                h.answer("");
                            }),
                            true);
        server.run(get);
        const std::string log = server.access_log();
        CHECK(log.starts_with("192.0.2.7 - - ["));
        CHECK(log.ends_with("] forged\\x0a1.2.3.4 \\x1b[31m\n"));
        CHECK(log.find('\n') == log.size() - 1);
    }

    TEST_CASE("Messages can go to the event log instead, for who looks closely") {
        MemoryServer server(function_handler([](FunctionHandler& h) {
            h.log_message("a message");
            h.answer("");
        }));
        server.run(get);
        CHECK(contains(server.error_log(), " debug: 192.0.2.7 a message\n"));
    }
}
