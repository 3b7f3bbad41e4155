// Worker threads, streaming, and clients that read slowly or go away.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <latch>
#include <ostream>
#include <string>
#include <thread>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

const TestServer<>::Prepare one_worker_one_waiting = [](ThreadingHTTPServer& s) {
    s.max_workers = 1;
    s.max_waiting = 1;
};

/// Requests for /wait say that they run and wait; others answer at once.
struct Gate {
    std::latch release{1};
    std::promise<void> entered;
    std::atomic<bool> first = true;
    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            if (first.exchange(false)) entered.set_value();
            release.wait();
            h.answer("done [" + h.rfile.read() + "]");
        });
    }
};

/// Writes much more than anybody holds; tells how far it came and whether the client went away.
struct Fountain {
    static constexpr std::size_t piece = 100'000, pieces = 2000;
    std::atomic<std::size_t> written = 0;
    std::promise<bool> broken;
    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Content-Length", piece * pieces);
            h.end_headers();
            try {
                for (std::size_t i = 0; i < pieces; ++i) {
                    h.wfile.write(std::string(piece, 'x'));
                    written += piece;
                }
                broken.set_value(false);
            } catch (const BrokenPipe&) {
                broken.set_value(true);
                throw;
            }
        });
    }
};

}  // namespace

TEST_SUITE("threads") {
    TEST_CASE("Handlers of a ThreadingHTTPServer run at the same time, off the loop's thread") {
        std::latch meet(3);
        struct Watching : ThreadingHTTPServer {
            using ThreadingHTTPServer::ThreadingHTTPServer;
            std::atomic<std::thread::id> loop_thread;
            bool verify_request(Request&, const Address&) override {
                loop_thread = std::this_thread::get_id();
                return true;
            }
        };
        TestServer<Watching> server(function_handler([&](FunctionHandler& h) {
            meet.arrive_and_wait();  // for ever, unless three run at once
            const auto& watching = static_cast<Watching&>(h.server);
            h.answer(watching.loop_thread == std::this_thread::get_id() ? "same" : "other");
        }));
        HttpClient clients[] = {server.client(), server.client(), server.client()};
        for (HttpClient& client : clients) client.send(get);
        for (HttpClient& client : clients) CHECK(client.receive().body == "other");
    }

    TEST_CASE("Handlers of an HTTPServer run on its own thread, one after the other") {
        std::atomic<int> running = 0;
        std::atomic<bool> together = false;
        std::atomic<std::thread::id> thread;
        TestServer<HTTPServer> server(function_handler([&](FunctionHandler& h) {
            if (++running > 1) together = true;
            thread = std::this_thread::get_id();
            h.answer("x");
            --running;
        }));
        HttpClient clients[] = {server.client(), server.client(), server.client()};
        for (HttpClient& client : clients) client.send(get);
        for (HttpClient& client : clients) CHECK(client.receive().body == "x");
        CHECK_FALSE(together);
        const auto once = thread.load();
        clients[0].get("/");
        CHECK(thread == once);
    }

    TEST_CASE("ThreadingMixIn works on a server of one's own") {
        struct Own : HTTPServer {
            using HTTPServer::HTTPServer;
            std::atomic<int> verified = 0;
            bool verify_request(Request&, const Address&) override { return ++verified > 0; }
        };
        std::latch meet(2);
        TestServer<ThreadingMixIn<Own>> server(function_handler([&](FunctionHandler& h) {
            meet.arrive_and_wait();
            h.answer("x");
        }));
        HttpClient one = server.client(), two = server.client();
        one.send(get);
        two.send(get);
        CHECK(one.receive().body == "x");
        CHECK(two.receive().body == "x");
        CHECK(server.server().verified == 2);
    }

    TEST_CASE("When all threads are busy and enough requests wait, 503 says come again") {
        Gate gate;
        TestServer server(gate.handler(), one_worker_one_waiting);
        HttpClient running = server.client(), waiting = server.client();
        running.send(get);
        gate.entered.get_future().wait();
        waiting.send(get);
        server.settle();
        for (int i = 0; i < 3; ++i) {
            HttpClient refused = server.client();
            refused.send(get);
            const Reply reply = refused.receive();
            CHECK(reply.status == 503);
            CHECK(reply.get("Retry-After") == "5");
            CHECK(reply.get("Connection") == "close");
        }
        gate.release.count_down();
        CHECK(running.receive().body == "done []");
        CHECK(waiting.receive().body == "done []");
    }

    TEST_CASE("503 is for a request whose body has come as well, and no handler holds the loop") {
        Gate gate;
        TestServer server(gate.handler(), one_worker_one_waiting);
        HttpClient late = server.client();
        late.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
        // Its handler was asked, and left to wait for the body, when this one runs.
        HttpClient running = server.client(), waiting = server.client();
        running.send(get);
        gate.entered.get_future().wait();
        waiting.send(get);
        server.settle();
        late.send("llo");
        CHECK(late.receive().status == 503);
        server.settle();
        gate.release.count_down();
        CHECK(running.receive().body == "done []");
        CHECK(waiting.receive().body == "done []");
    }

    TEST_CASE("A client sees what was flushed before the handler ends") {
        std::promise<void> seen;
        TestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            h.wfile.write("first");
            h.wfile.flush();
            seen.get_future().wait();
            h.wfile.write("second");
        }));
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("\r\n\r\n5\r\nfirst\r\n");
        CHECK_FALSE(client.something_there());
        seen.set_value();
        CHECK(client.receive_until("0\r\n\r\n") == "6\r\nsecond\r\n0\r\n\r\n");
    }

    TEST_CASE("A slow reader holds its handler, not memory, and gets everything in the end") {
        Fountain fountain;
        TestServer server(fountain.handler());
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive_until("\r\n\r\n");
        for (int i = 0; i < 100; ++i) server.settle();
        CHECK(fountain.written < 20'000'000);  // what the kernel and the Outbox hold
        constexpr std::size_t total = Fountain::piece * Fountain::pieces;
        for (std::size_t got = 0; got < total; got += 1'000'000) client.receive(1'000'000);
        CHECK_FALSE(fountain.broken.get_future().get());
        CHECK(fountain.written == total);
        CHECK_FALSE(client.something_there());
    }

    TEST_CASE("A client that goes away makes wfile throw BrokenPipe, which is no error") {
        Fountain fountain;
        TestServer server(fountain.handler());
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive(1000);
        client.cut();
        CHECK(fountain.broken.get_future().get());
        CHECK(fountain.written < Fountain::piece * Fountain::pieces);
        CHECK(server.error_log() == "");
    }

    TEST_CASE("A client that goes away while its handler works costs nothing else") {
        Gate gate;
        TestServer server(gate.handler());
        RawClient gone = server.raw_client();
        gone.send(get);
        gate.entered.get_future().wait();
        gone.cut();
        server.settle();
        gate.release.count_down();
        CHECK(server.client().get("/").body == "done []");
    }

    TEST_CASE("Many clients at once get their own answers") {
        TestServer server(echo_handler());
        std::vector<std::jthread> threads;
        std::atomic<int> right = 0;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&, t] {
                HttpClient client = server.client();
                for (int i = 0; i < 50; ++i) {
                    const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
                    if (client.get(path).body == "GET " + path + " []") ++right;
                }
            });
        threads.clear();
        CHECK(right == 400);
    }
}
