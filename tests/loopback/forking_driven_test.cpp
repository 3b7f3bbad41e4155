// A forking server that its caller drives, and what server_close() does for its children.
#include <doctest/doctest.h>

#include <memory>
#include <ostream>
#include <string>
#include <thread>

#include "tests/loopback/forking_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

struct Driven : ForkingHTTPServer {
    explicit Driven(HandlerFactory handler)
        : ForkingHTTPServer({"127.0.0.1", 0}, std::move(handler)) {
        set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
        speak_test_transport(*this);
    }
    int timeouts = 0;
    void handle_timeout() override {
        ++timeouts;
        ForkingHTTPServer::handle_timeout();
    }
};

std::string get_and_close(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
}

/// A request of its own thread, since nobody serves until the server is driven.
struct Asking {
    Asking(std::uint16_t port, std::string_view path)
        : thread([this, port, text = get_and_close(path)] {
              answer = basehttp::exchange(port, text);
          }) {}
    std::string answer;
    std::jthread thread;
};

}  // namespace

TEST_SUITE("driven forking") {
    TEST_CASE("handle_request answers one request, in a child") {
        Driven server(echo_handler());
        for (int i = 0; i < 3; ++i) {
            Asking client(server.server_port, "/a");
            server.handle_request();
            client.thread.join();
            CHECK(client.answer.ends_with("GET /a []"));
        }
        CHECK(server.timeouts == 0);
        server.server_close();
        CHECK(no_child_is_left());
    }

    TEST_CASE("handle_request without a request calls handle_timeout in time") {
        Driven server(echo_handler());
        server.timeout = 5ms;
        server.handle_request();
        CHECK(server.timeouts == 1);
        server.server_close();
    }

    TEST_CASE("server_close finishes the requests that still run") {
        const Signal entered;
        Driven server(function_handler([&](FunctionHandler& h) {
            if (h.path == "/slow") entered.give();
            h.answer(h.path + std::string(h.path == "/slow" ? 1'000'000 : 0, 'x'));
        }));
        Asking slow(server.server_port, "/slow");
        server.timeout = 1ms;
        while (!entered.is_given()) server.handle_request();  // its answer is not read yet
        server.server_close();
        slow.thread.join();
        CHECK(slow.answer.ends_with(std::string(1'000'000, 'x')));
        CHECK(server.active_children() == 0);
        CHECK(no_child_is_left());
    }

    TEST_CASE("A server that is destroyed takes its children along") {
        const Signal entered, never;
        auto server = std::make_unique<Driven>(function_handler([&](FunctionHandler&) {
            entered.give();
            never.take();
        }));
        Asking client(server->server_port, "/");
        server->timeout = 1ms;
        while (!entered.is_given()) server->handle_request();
        CHECK(server->active_children() == 1);
        server.reset();
        CHECK(no_child_is_left());
        client.thread.join();
        CHECK(client.answer.empty());
    }

    TEST_CASE("A server can serve, stop and serve again") {
        Driven server(echo_handler());
        for (int i = 0; i < 3; ++i) {
            std::thread thread([&] { server.serve_forever(); });
            CHECK(
                basehttp::exchange(server.server_port, get_and_close("/a")).ends_with("GET /a []"));
            server.shutdown();
            thread.join();
            CHECK(no_child_is_left());
        }
    }

    TEST_CASE("collect_children waits for all, and ends serving for that") {
        const Signal entered, release;
        Driven server(function_handler([&](FunctionHandler& h) {
            h.answer("whole");
            h.request.afterwards = [&] {
                entered.give();
                release.take();
            };
        }));
        server.block_on_close = false;
        std::thread thread([&] { server.serve_forever(); });
        CHECK(basehttp::exchange(server.server_port, get_and_close("/")).ends_with("whole"));
        CHECK(entered.take());
        std::thread releasing([&] { release.give(); });
        server.collect_children(true);
        CHECK(server.active_children() == 0);
        CHECK(no_child_is_left());
        releasing.join();
        thread.join();
    }

    TEST_CASE("A ForkingHTTPSServer keeps TLS in the parent") {
        const TlsFiles& files = TestCa::shared().localhost();
        ForkingHTTPSServer server({"127.0.0.1", 0}, echo_handler(), files.certificate, files.key);
        server.set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
        std::thread thread([&] { server.serve_forever(); });
        {
            HttpClient client({"127.0.0.1", server.server_port}, TlsClientOptions{});
            CHECK(client.get("/a").body == "GET /a []");
            CHECK(client.get("/b").body == "GET /b []");
        }
        server.shutdown();
        thread.join();
    }
}
