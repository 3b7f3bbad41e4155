// /healthz and /readyz as the loops answer them, among other requests.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

void with_health(ThreadingHTTPServer& server) { server.settings.health = true; }

std::string ask(std::string_view request_line, std::string_view fields = {}) {
    return std::string(request_line) + "\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

/// All that is answered, without the date.
std::string answers(const TestServerBase& server, const std::string& text) {
    RawClient client = server.raw_client();
    client.send(text);
    client.half_close();
    std::string all = client.receive_all();
    for (std::size_t at; (at = all.find("Date: ")) != all.npos;)
        all.erase(at, all.find("\r\n", at) + 2 - at);
    return all;
}

constexpr std::string_view fields = "Content-Type: text/plain\r\nCache-Control: no-store\r\n";

std::string good(std::string_view more = {}, std::string_view content = "ok\n") {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Content-Length: 3\r\n" +
           std::string(more) + "\r\n" + std::string(content);
}

}  // namespace

TEST_SUITE("health") {
    TEST_CASE("An answer is small, and says how the connection goes on") {
        TestServer server(echo_handler(), with_health);
        const std::string close = "Connection: close\r\n", keep = "Connection: keep-alive\r\n";
        const struct {
            std::string request, answer;
        } rows[] = {
            {ask("GET /healthz HTTP/1.1"), good()},
            {ask("GET /readyz HTTP/1.1"), good()},
            {ask("HEAD /healthz HTTP/1.1"), good("", "")},
            {ask("GET /healthz HTTP/1.1", close), good(close)},
            {ask("HEAD /readyz HTTP/1.1", close), good(close, "")},
            {ask("GET /healthz HTTP/1.0"), good(close)},
            {ask("GET /healthz HTTP/1.0", keep), good(keep)},
        };
        for (const auto& row : rows) {
            CAPTURE(row.request);
            CHECK(answers(server, row.request) == row.answer);
        }
        CHECK(answers(server, "GET /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
    }

    TEST_CASE("Other methods, bodies and near names go to the handler") {
        TestServer server(echo_handler(), with_health);
        HttpClient client = server.client();
        CHECK(client.request("POST", "/healthz").body == "POST /healthz []");
        client.send(ask("GET /healthz HTTP/1.1", "Content-Length: 2\r\n") + "hi");
        CHECK(client.receive().body == "GET /healthz [hi]");
        for (const std::string target : {"/healthz/", "/healthz?", "/health", "/READYZ"})
            CHECK(client.get(target).body == "GET " + target + " []");
        CHECK(client.get("/healthz").body == "ok\n");
    }

    TEST_CASE("Pipelined with other requests, all are answered in order") {
        TestServer server(echo_handler(), with_health);
        std::string text, expected;
        HttpClient client = server.client();
        for (int i = 0; i < 60; ++i)
            text += ask(i % 3 == 0   ? "GET /a HTTP/1.1"
                        : i % 3 == 1 ? "GET /healthz HTTP/1.1"
                                     : "HEAD /readyz HTTP/1.1");
        client.send(text);
        for (int i = 0; i < 60; ++i) {
            const Reply reply = client.receive(i % 3 == 2);
            CHECK(reply.status == 200);
            CHECK(reply.body == (i % 3 == 0 ? "GET /a []" : i % 3 == 1 ? "ok\n" : ""));
        }
        client.send(ask("GET /healthz HTTP/1.1", "Connection: close\r\n") + ask("GET /a HTTP/1.1"));
        CHECK(client.receive().body == "ok\n");
        CHECK(client.ends());
    }

    TEST_CASE("A server that is not ready says so, and serves") {
        TestServer server(echo_handler(), with_health);
        HttpClient client = server.client();
        server.server().ready = false;
        const Reply reply = client.get("/readyz");
        CHECK(reply.status == 503);
        CHECK(reply.body == "not ready\n");
        CHECK_FALSE(reply.has("Connection"));
        CHECK(client.request("HEAD", "/readyz").body == "");
        CHECK(client.get("/healthz").status == 200);
        CHECK(client.get("/a").status == 200);
        server.server().ready = true;
        CHECK(client.get("/readyz").status == 200);
    }

    TEST_CASE("While serving ends, the answer is a connection's last") {
        TestServer server(echo_handler(), with_health);
        HttpClient client = server.client();
        CHECK(client.get("/healthz").status == 200);
        server.settle();
        server.server().request_shutdown();
        server.settle();
        const Reply last = client.get("/healthz");
        CHECK(last.status == 200);
        CHECK(last.get("Connection") == "close");
        CHECK(client.ends());
    }

    TEST_CASE("They are not logged, and the switch counts from a new configuration on") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        CHECK(client.get("/healthz").body == "GET /healthz []");
        HttpSettings settings = server.server().settings;
        settings.health = true;
        server.server().reconfigure(settings, server.server().tls);
        CHECK(client.get("/healthz").body == "ok\n");
        const std::string log = server.access_log();
        CHECK(log.find("GET /healthz") == log.rfind("GET /healthz"));
    }

    TEST_CASE("longest_silence counts from the loops' last round") {
        TestServer server(echo_handler());
        server.advance(1s);
        const auto quiet = server.server().longest_silence();
        CHECK(quiet <= 1s);
        server.clock.advance(1h);  // no loop has gone round since
        CHECK(server.server().longest_silence() <= 1h + 1s);
    }
}
