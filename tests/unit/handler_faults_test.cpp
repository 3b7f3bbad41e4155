// Handlers that do what they should not: the client gets one clear answer all the same.
#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/http/query.hpp"
#include "handlers/http_error.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;

namespace {

struct Faulty : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;
    void setup() override {
        if (request.head().target == "/setup") throw std::runtime_error("too early");
    }
    MessageClass make_headers() override {
        if (request.head().target == "/closed") throw HTTPError(403, "Not for you");
        return BaseHTTPRequestHandler::make_headers();
    }
    void do_GET() override {
        if (path.starts_with("/query")) Query(path).items();
        send_response(200);
        send_header("X-Begun", "1");
        if (path == "/no-end") return;
        if (path == "/error") return send_error(404);
        send_header("Content-Length", "2");
        end_headers();
        wfile.write("ok");
    }
};

/// Whose settings come as a text that does not outlive the constructor.
struct Named : BaseHTTPRequestHandler {
    Named(Request& request_, const Address& client, BaseServer& server_, std::string name)
        : BaseHTTPRequestHandler(request_, client, server_) {
        server_version = name;
        error_message_format = "<h1>" + name + " says %(code)d";
    }
};

MemoryServer::Answer get(MemoryServer& server, const std::string& target) {
    return server.run("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
}

}  // namespace

TEST_SUITE("handler faults") {
    TEST_CASE("A header section that was begun and not ended gives way to an error page") {
        MemoryServer server(handler_class<Faulty>());
        for (const char* target : {"/no-end", "/error"}) {
            CAPTURE(target);
            const auto answer = get(server, target);
            CHECK(answer.bytes.starts_with(target == std::string("/error") ? "HTTP/1.1 404 "
                                                                           : "HTTP/1.1 500 "));
            CHECK(answer.bytes.find("HTTP/1.1", 1) == std::string::npos);
            CHECK(answer.bytes.find("X-Begun") == std::string::npos);
        }
    }

    TEST_CASE("A second answer changes neither the bytes nor the status in the log") {
        using Second = void (*)(FunctionHandler&);
        const struct {
            std::string_view way;
            Second second;
        } rows[] = {
            {"send_error", [](FunctionHandler& h) { h.send_error(500); }},
            {"end_headers", [](FunctionHandler& h) { h.send_response(500), h.end_headers(); }},
            {"flush_headers", [](FunctionHandler& h) { h.send_response(500), h.flush_headers(); }},
            {"send_redirect", [](FunctionHandler& h) { h.send_redirect("/elsewhere"); }},
            {"interim", [](FunctionHandler& h) { h.send_response_only(103), h.end_headers(); }},
            {"keep-alive",
             [](FunctionHandler& h) {
                 h.send_response(500);
                 h.send_header("Connection", "keep-alive");
                 h.end_headers();
             }},
        };
        for (const auto& row : rows) {
            for (const bool counted : {true, false}) {
                CAPTURE(row.way);
                CAPTURE(counted);
                MemoryServer server(function_handler([&](FunctionHandler& h) {
                    h.send_response(200);
                    if (counted) h.send_header("Content-Length", "2");
                    h.end_headers();
                    h.wfile.write("ok");
                    row.second(h);
                }));
                const auto answer = get(server, "/");
                CHECK(answer.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
                CHECK(answer.body() == (counted ? "ok" : "2\r\nok\r\n0\r\n\r\n"));
                CHECK(answer.status == 200);
                CHECK(answer.close);
                CHECK(server.error_log().find("began a second answer") != std::string::npos);
            }
        }
    }

    TEST_CASE("An exception before do_GET is answered, too") {
        MemoryServer server(handler_class<Faulty>());
        CHECK(get(server, "/setup").bytes.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
        CHECK(get(server, "/closed").bytes.starts_with("HTTP/1.1 403 Not for you\r\n"));
        MemoryServer none([](Request&, const Address&, BaseServer&) {
            return std::unique_ptr<BaseRequestHandler>();
        });
        CHECK(get(none, "/").bytes.starts_with("HTTP/1.1 500 "));
    }

    TEST_CASE("Too many query fields are the client's fault") {
        MemoryServer server(handler_class<Faulty>());
        std::string target = "/query?a";
        for (int i = 0; i < 1000; ++i) target += "&a";
        CHECK(get(server, target).bytes.starts_with("HTTP/1.1 400 Too many query fields\r\n"));
    }

    TEST_CASE("Settings keep a text that was made") {
        MemoryServer server(handler_class<Named>(std::string(40, 'n')));
        const auto answer = get(server, "/");
        CHECK(answer.has("Server: " + std::string(40, 'n')));
        CHECK(answer.body() == "<h1>" + std::string(40, 'n') + " says 501");
    }
}
