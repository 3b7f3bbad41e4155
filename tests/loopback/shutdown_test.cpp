// The end of serving: who may ask for it, what is finished, what is cut.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// Says when its handler runs, and waits to be let go.
struct Gate {
    std::promise<void> entered, release;
    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            if (h.path == "/wait") {
                entered.set_value();
                release.get_future().wait();
            }
            h.answer("done");
        });
    }
};

}  // namespace

TEST_SUITE("shutdown") {
    TEST_CASE("Idle connections are closed at once, orderly") {
        TestServer server(echo_handler());
        RawClient used = server.raw_client(), fresh = server.raw_client();
        used.send(get);
        used.receive_until("GET /a []");
        server.advance(1s);
        server.begin_shutdown();
        CHECK(used.ends());
        CHECK(fresh.ends());
        CHECK_FALSE(used.was_reset());
        CHECK_FALSE(fresh.was_reset());
    }

    TEST_CASE(
        "A client that was busy within the last second may ask once more, for the last time") {
        TestServer server(echo_handler());
        RawClient used = server.raw_client(), fresh = server.raw_client();
        used.send(get);
        used.receive_until("GET /a []");
        server.settle();
        server.server().request_shutdown();
        server.settle();
        for (RawClient* client : {&used, &fresh}) {
            client->send(get);
            const std::string answer = client->receive_all();
            CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
            CHECK(answer.ends_with("GET /a []"));
        }
        server.join();
    }

    TEST_CASE("A client that was busy and stays silent is closed after a second") {
        TestServer server(echo_handler());
        RawClient silent = server.raw_client();
        silent.send(get);
        silent.receive_until("GET /a []");
        server.settle();
        server.begin_shutdown();
        server.advance(1s);
        CHECK(silent.ends());
    }

    TEST_CASE("A running request is finished, then its connection closes") {
        Gate gate;
        TestServer server(gate.handler());
        RawClient idle = server.raw_client(), busy = server.raw_client();
        busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(get));
        gate.entered.get_future().wait();
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        gate.release.set_value();
        CHECK(busy.receive_all().ends_with("\r\n\r\ndone"));
    }

    TEST_CASE("A request whose head is under way is answered, with Connection: close") {
        TestServer server(echo_handler());
        RawClient idle = server.raw_client(), busy = server.raw_client();
        busy.send("GET /half HTTP/1.1\r\nHo");
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        busy.send("st: h\r\n\r\n");
        const std::string all = busy.receive_all();
        CHECK(all.find("\r\nConnection: close\r\n") != std::string::npos);
        CHECK(all.ends_with("GET /half []"));
    }

    TEST_CASE("A body under way is read and answered") {
        TestServer server(echo_handler());
        RawClient idle = server.raw_client(), busy = server.raw_client();
        busy.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        busy.send("llo");
        CHECK(busy.receive_all().ends_with("POST / [hello]"));
    }

    TEST_CASE("A long answer under way is sent to its end") {
        TestServer server(
            function_handler([](FunctionHandler& h) { h.answer(std::string(20'000'000, 'x')); }));
        RawClient idle = server.raw_client(), busy = server.raw_client(4096);
        busy.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        busy.receive_until("\r\n\r\n");
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        CHECK(busy.receive_all() == std::string(20'000'000, 'x'));
    }

    TEST_CASE("What does not end in the time for it is cut") {
        TestServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            for (int i = 0; i < 1000; ++i) h.wfile.write(std::string(100'000, 'x'));
        }));
        RawClient idle = server.raw_client(), stuck = server.raw_client(4096);
        stuck.send(get);
        stuck.receive_until("\r\n\r\n");
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        server.clock.advance(31s);  // the loop looks within a second
        server.stop();
        CHECK(stuck.receive_all().size() < 50'000'000);
    }

    TEST_CASE_TEMPLATE("A handler may call shutdown, and its answer is sent", Server, HTTPServer,
                       ThreadingHTTPServer) {
        std::promise<void> ended;
        TestServer<Server> server(function_handler([](FunctionHandler& h) {
            h.server.shutdown();
            h.answer("good night");
        }));
        RawClient client = server.raw_client();
        client.send(get);
        CHECK(client.receive_all().ends_with("good night"));
        server.join();
    }

    TEST_CASE("shutdown before serve_forever ends it at once") {
        ThreadingHTTPServer server({"127.0.0.1", 0}, echo_handler());
        server.shutdown();
        server.serve_forever();
    }

    TEST_CASE("A server can serve, stop and serve again") {
        ThreadingHTTPServer server({"127.0.0.1", 0}, echo_handler());
        server.set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
        speak_test_transport(server);
        for (int round = 0; round < 3; ++round) {
            std::thread thread([&] { server.serve_forever(); });
            RawClient idle(server.server_port), client(server.server_port);
            client.send(get);
            client.receive_until("GET /a []");
            server.shutdown();
            thread.join();
            CHECK(idle.ends());
            CHECK(client.ends());
        }
    }

    TEST_CASE("shutdown may come from many threads, at any time") {
        for (int round = 0; round < 20; ++round) {
            ThreadingHTTPServer server({"127.0.0.1", 0}, echo_handler());
            server.settings.loops = 2;
            std::thread serving([&] { server.serve_forever(); });
            std::thread one([&] { server.shutdown(); });
            std::thread two([&] { server.shutdown(); });
            one.join();
            two.join();
            server.shutdown();
            serving.join();
        }
    }

    TEST_CASE("After server_close nobody listens") {
        TestServer server(echo_handler());
        const std::uint16_t port = server.port();
        server.stop();
        CHECK_THROWS_AS(RawClient client(port), std::system_error);
    }
}
