// A process for each request: what handlers and clients see of it when all goes well.
#include <doctest/doctest.h>

#include <ostream>
#include <set>
#include <string>
#include <thread>

#include "tests/loopback/forking_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

std::string own_pid() { return std::to_string(::getpid()); }

HandlerFactory pid_handler() {
    return function_handler([](FunctionHandler& h) { h.answer(own_pid()); });
}

/// Answers with the sum and the number of the bytes of its body.
HandlerFactory sum_handler() {
    return function_handler([](FunctionHandler& h) {
        const std::string body = h.rfile.read();
        std::uint64_t sum = 0;
        for (const char c : body) sum = sum * 31 + static_cast<unsigned char>(c);
        h.answer(std::to_string(body.size()) + " " + std::to_string(sum));
    });
}

std::string sum_of(std::string_view body) {
    std::uint64_t sum = 0;
    for (const char c : body) sum = sum * 31 + static_cast<unsigned char>(c);
    return std::to_string(body.size()) + " " + std::to_string(sum);
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * i % 23);
    return text;
}

}  // namespace

TEST_SUITE("ForkingMixIn") {
    TEST_CASE("Each request has a process of its own, on one connection too") {
        ForkingTestServer server(pid_handler());
        HttpClient client = server.client(), other = server.client();
        std::set<std::string> pids{own_pid()};
        for (int i = 0; i < 3; ++i) pids.insert(client.get("/").body);
        pids.insert(other.get("/").body);
        CHECK(pids.size() == 5);
        CHECK(children_end(server));
        CHECK(no_child_is_left());
    }

    TEST_CASE("Requests of several clients run at the same time") {
        const Signal entered, release;
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            entered.give();
            h.answer(release.take() ? "done" : "alone");
        }));
        HttpClient clients[] = {server.client(), server.client(), server.client()};
        for (HttpClient& client : clients) client.send(get);
        for (int i = 0; i < 3; ++i) CHECK(entered.take());
        CHECK(children_end(server, 3));
        for (int i = 0; i < 3; ++i) release.give();
        for (HttpClient& client : clients) CHECK(client.receive().body == "done");
    }

    TEST_CASE("What a handler changes in memory is gone with its process") {
        int number = 0;
        ForkingTestServer server(function_handler(
            [&number](FunctionHandler& h) { h.answer(std::to_string(++number)); }));
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/").body == "1");
        CHECK(number == 0);
    }

    TEST_CASE("A body is collected before the fork, whatever its size and framing") {
        ForkingTestServer server(sum_handler());
        HttpClient client = server.client();
        for (const std::size_t size : {0u, 5u, 70'000u, 3'000'000u}) {
            CAPTURE(size);
            const std::string body = pattern(size);
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
                        "\r\n\r\n" + body);
            CHECK(client.receive().body == sum_of(body));
        }
        CHECK(children_end(server));
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n7\r\n, world\r\n");
        server.settle();
        CHECK(server.server().active_children() == 0);  // no process while the client is slow
        client.send("0\r\n\r\n");
        CHECK(client.receive().body == sum_of("hello, world"));
    }

    TEST_CASE("Expect: 100-continue is answered by the parent, once") {
        ForkingTestServer server(sum_handler());
        RawClient client = server.raw_client();
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 5\r\n\r\n");
        CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(server.server().active_children() == 0);
        client.send("hello");
        CHECK(client.receive_until("\r\n") == "HTTP/1.1 200 OK\r\n");
        client.receive_until(sum_of("hello"));
        client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: a miracle\r\nContent-Length: 5\r\n\r\n");
        CHECK(client.receive_until("\r\n") == "HTTP/1.1 417 Expectation Failed\r\n");
    }

    TEST_CASE("An answer to HEAD has no content, and the connection goes on") {
        ForkingTestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
        const Reply reply = client.receive(true);
        CHECK(reply.status == 200);
        CHECK(reply.get("Content-Length") == "10");
        CHECK(client.get("/y").body == "GET /y []");
    }

    TEST_CASE("Requests that the server refuses get the handler's error page") {
        ForkingTestServer server(echo_handler(),
                                 [](ForkingHTTPServer& s) { s.settings.body = 100; });
        const std::string bad = exchange(server.port(), "NO WAY\r\n\r\n");
        CHECK(bad.starts_with("HTTP/1.1 400 "));
        CHECK(contains(bad, "<!DOCTYPE"));
        const std::string large =
            exchange(server.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n");
        CHECK(large.starts_with("HTTP/1.1 413 "));
        CHECK(contains(large, "<!DOCTYPE"));
    }

    TEST_CASE("A client sees what was flushed before the handler ends") {
        const Signal seen;
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            h.wfile.write("first");
            h.wfile.flush();
            if (seen.take()) h.wfile.write("second");
        }));
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("\r\n\r\n5\r\nfirst\r\n");
        CHECK_FALSE(client.something_there());
        seen.give();
        CHECK(client.receive_until("0\r\n\r\n") == "6\r\nsecond\r\n0\r\n\r\n");
    }

    TEST_CASE("A slow reader holds back the child, and the parent holds little") {
        constexpr std::size_t piece = 100'000, pieces = 500;
        const SharedNumber written;
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Content-Length", piece * pieces);
            h.end_headers();
            for (std::size_t i = 0; i < pieces; ++i) {
                h.wfile.write(std::string(piece, static_cast<char>('a' + i % 26)));
                *written += piece;
            }
        }));
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive_until("\r\n\r\n");
        for (int i = 0; i < 100; ++i) server.settle();
        CHECK(*written < 15'000'000);  // what the kernel, the channel and the Outbox hold
        bool all_right = true;
        for (std::size_t i = 0; i < pieces; ++i)
            all_right = all_right && client.receive(piece) ==
                                         std::string(piece, static_cast<char>('a' + i % 26));
        CHECK(all_right);
        CHECK_FALSE(client.something_there());
    }

    TEST_CASE("A handler that waits for its turn has it in its process") {
        struct Waiting : BaseHTTPRequestHandler {
            using BaseHTTPRequestHandler::BaseHTTPRequestHandler;
            int turns = 0;
            void do_GET() override {
                if (++turns == 1) {
                    request.wants_turn = true;
                    request.turn_timeout = path == "/timeout" ? 1ms : 20'000ms;
                    if (path == "/resume") std::thread(request.resume).detach();
                    return;
                }
                const std::string text = request.turn_timed_out ? "late" : "in time";
                send_response(200);
                send_header("Content-Length", text.size());
                end_headers();
                wfile.write(text);
            }
        };
        ForkingTestServer server(handler_class<Waiting>());
        CHECK(server.client().get("/timeout").body == "late");
#ifndef __SANITIZE_THREAD__  // does not let a child of a process with threads start one
        CHECK(server.client().get("/resume").body == "in time");
#endif
    }

    TEST_CASE("A server of one's own may fork too, and its hooks run") {
        struct Own : HTTPServer {
            using HTTPServer::HTTPServer;
            std::atomic<int> verified = 0, ended = 0;
            bool verify_request(Request& request, const Address&) override {
                ++verified;
                return request.head().target != "/denied";
            }
            void shutdown_request(Request& request) override {
                ++ended;
                HTTPServer::shutdown_request(request);
            }
        };
        TestServer<ForkingMixIn<Own>> server(pid_handler());
        CHECK(server.client().get("/").body != own_pid());
        CHECK(server.raw_client().send("GET /denied HTTP/1.1\r\nHost: h\r\n\r\n"));
        CHECK(exchange(server.port(), "GET /denied HTTP/1.1\r\nHost: h\r\n\r\n").empty());
        CHECK(server.server().verified >= 2);
        CHECK(server.server().ended >= 2);
    }

    TEST_CASE("More than one loop is not for a forking server") {
        ForkingTestServer server(pid_handler(), [](ForkingHTTPServer& s) { s.settings.loops = 3; });
        CHECK(server.client().get("/").status == 200);
        CHECK(server.server().settings.loops == 1);
    }
}
