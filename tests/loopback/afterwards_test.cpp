// Work that handlers leave to be done behind their answers.
#include <doctest/doctest.h>

#include <atomic>
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

/// Answers "whole"; for the path "/work" there is work afterwards, which waits to be let go.
struct Afterwards {
    std::latch begun{1}, release{1};
    std::atomic<int> ran = 0;
    std::atomic<bool> same_thread = false;
    bool waits = true;

    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            h.answer("whole");
            if (h.path != "/work") return;
            h.request.afterwards = [this, thread = std::this_thread::get_id()] {
                same_thread = std::this_thread::get_id() == thread;
                begun.count_down();
                if (waits) release.wait();
                for (int i = 0; i < 100; ++i) std::this_thread::yield();
                ++ran;
            };
        });
    }
};

constexpr std::string_view get_work = "GET /work HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_SUITE("afterwards") {
    TEST_CASE("Work afterwards holds up neither its answer nor the next request") {
        Afterwards after;
        TestServer server(after.handler());
        RawClient client = server.raw_client();
        client.send(get_work);
        client.receive_until("\r\n\r\nwhole");
        after.begun.wait();
        client.send(get);
        client.receive_until("\r\n\r\nwhole");
        CHECK(after.ran == 0);
        after.release.count_down();
        server.stop();
        CHECK(after.ran == 1);
        CHECK(after.same_thread);
    }

    TEST_CASE("Work afterwards goes on when its client has gone") {
        Afterwards after;
        TestServer server(after.handler());
        {
            RawClient client = server.raw_client();
            client.send(get_work);
            client.receive_until("\r\n\r\nwhole");
            client.cut();
        }
        after.begun.wait();
        server.settle();
        after.release.count_down();
        server.stop();
        CHECK(after.ran == 1);
    }

    TEST_CASE("server_close waits for work afterwards, serve_forever does not") {
        Afterwards after;
        ThreadingHTTPServer server({"127.0.0.1", 0}, after.handler());
        server.set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
        speak_test_transport(server);
        std::thread serving([&] { server.serve_forever(); });
        RawClient client(server.server_port);
        client.send(get_work);
        client.receive_until("\r\n\r\nwhole");
        after.begun.wait();
        server.shutdown();
        serving.join();
        CHECK(after.ran == 0);
        std::jthread releasing([&] { after.release.count_down(); });
        server.server_close();
        CHECK(after.ran == 1);
    }

    TEST_CASE("Work afterwards is bounded like handlers: it holds its thread") {
        Afterwards after;
        TestServer server(after.handler(), [](ThreadingHTTPServer& s) {
            s.max_workers = 1;
            s.max_waiting = 0;
        });
        RawClient client = server.raw_client();
        client.send(get_work);
        client.receive_until("\r\n\r\nwhole");
        after.begun.wait();
        CHECK(server.client().get("/").status == 503);
        after.release.count_down();
    }

    TEST_CASE("A server without threads does the work before it goes on") {
        Afterwards after;
        after.waits = false;
        TestServer<HTTPServer> server(after.handler());
        RawClient client = server.raw_client();
        client.send(get_work);
        client.receive_until("\r\n\r\nwhole");
        CHECK(after.ran == 1);
        client.send(get);
        client.receive_until("\r\n\r\nwhole");
        server.stop();
        CHECK(after.ran == 1);
    }
}
