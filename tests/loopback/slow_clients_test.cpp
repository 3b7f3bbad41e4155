// limits.min_rate: bodies and answers that go too slowly, and what only looks so. Handlers of an
// HTTPServer park at once when their body is to come.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <ostream>
#include <string>

#include "tests/loopback/replayed_support.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

const auto at_least_240 = [](HTTPServer& s) { s.settings.min_rate = 240; };
const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";

/// Sends so many bytes each second; the number of seconds until there is an answer, or `most`.
int seconds_of_body(TestServerBase& server, RawClient& client, std::size_t each, int most) {
    for (int second = 1; second < most; ++second) {
        client.send(std::string(each, 'x'));
        server.advance(1s);
        if (client.something_there()) return second;
    }
    return most;
}

/// Takes so many bytes each second, until the server has cut the connection, or for `most` seconds.
int seconds_of_answer(TestServerBase& server, RawClient& client, std::size_t each, int most) {
    for (int second = 1; second < most; ++second) {
        server.advance(1s);
        if (each > 0) client.receive(each);
        if (!client.send("x")) return second;
    }
    return most;
}

}  // namespace

TEST_SUITE("slow clients") {
    TEST_CASE("A body that comes too slowly gets 408") {
        TestServer<HTTPServer> server(echo_handler(), at_least_240);
        for (const std::size_t each : {std::size_t{1}, std::size_t{100}}) {
            CAPTURE(each);
            RawClient client = server.raw_client();
            client.send(post);
            const int seconds = seconds_of_body(server, client, each, 60);
            CHECK(seconds > 5);
            CHECK(seconds < 15);
            const std::string all = client.receive_all();
            CHECK(all.starts_with("HTTP/1.1 408 "));
            CHECK(all.find("Request body came too slowly") != std::string::npos);
        }
        CHECK(server.access_log().find(" 408 ") != std::string::npos);
    }

    TEST_CASE("A body that comes fast enough takes the time it takes") {
        TestServer<HTTPServer> server(echo_handler(), at_least_240);
        RawClient client = server.raw_client();
        client.send(post);
        CHECK(seconds_of_body(server, client, 250, 300) == 300);
        client.send(std::string(100'000 - 299 * 250, 'x'));
        CHECK(client.receive_until("]").starts_with("HTTP/1.1 200 "));
    }

    TEST_CASE("A body that came fast at first may not be slow for ever") {
        TestServer<HTTPServer> server(echo_handler(), at_least_240);
        RawClient client = server.raw_client();
        client.send(post + std::string(90'000, 'x'));
        server.settle();
        CHECK(seconds_of_body(server, client, 1, 200) < 40);  // timeouts.body and the grace
        CHECK(client.receive_all().starts_with("HTTP/1.1 408 "));
    }

    TEST_CASE("With no least rate a body may trickle in") {
        TestServer<HTTPServer> server(echo_handler());
        RawClient client = server.raw_client();
        client.send(post);
        CHECK(seconds_of_body(server, client, 1, 100) == 100);
    }

    TEST_CASE("An answer that its client takes too slowly is cut, and one line tells") {
        TestServer<HTTPServer> server(
            function_handler([](FunctionHandler& h) { h.answer(std::string(30'000'000, 'x')); }),
            [](HTTPServer& s) {
                s.settings.min_rate = 10'000;
                s.settings.send_timeout = 1h;
            });
        for (const std::size_t each : {std::size_t{0}, std::size_t{1}}) {
            RawClient client = server.raw_client(4096);
            client.send(get);
            client.receive(100);
            const int seconds = seconds_of_answer(server, client, each, 300);
            CHECK(seconds > 4);
            CHECK(seconds < 100);  // what its kernel took at first is paid for
            CHECK(client.receive_all().size() < 30'000'000);
        }
        CHECK(server.access_log().find("\"GET / HTTP/1.1\" 200 ") != std::string::npos);
        CHECK(server.error_log().find(" was cut off: it took an answer at less than the 10000 "
                                      "bytes a second of limits.min_rate\n") != std::string::npos);
    }

    TEST_CASE("A handler whose client takes nothing more is told") {
        std::promise<bool> broken;
        TestServer server(function_handler([&](FunctionHandler& h) {
                              h.send_response(200);
                              h.end_headers();
                              try {
                                  for (;;) h.wfile.write(std::string(100'000, 'x'));
                              } catch (const BrokenPipe&) {
                                  broken.set_value(true);
                                  throw;
                              }
                          }),
                          at_least_240);
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive(1000);
        auto result = broken.get_future();
        for (int i = 0; i < 70 && result.wait_for(20ms) != std::future_status::ready; ++i)
            server.advance(1s);
        CHECK(result.wait_for(10s) == std::future_status::ready);
        server.error_log();
    }

    TEST_CASE("A replayed answer that its client takes too slowly is cut") {
        const Site site;
        const auto shared = std::make_shared<StaticSite>(DocumentRoot::open(site.directory.str()));
        TestServer server(
            [shared](Request& r, const Address& a, BaseServer& s) {
                return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, shared);
            },
            at_least_240);
        server.client().get("/big.bin");
        RawClient client = server.raw_client(4096);
        std::string many;
        for (int i = 0; i < 100; ++i) many += "GET /big.bin HTTP/1.1\r\nHost: h\r\n\r\n";
        client.send(many);
        client.receive(100);
        const int seconds = seconds_of_answer(server, client, 0, 300);
        CHECK(seconds > 4);
        CHECK(seconds < 70);
        server.error_log();
    }

    TEST_CASE("A client that takes enough is served, though the socket has no room for long") {
        TestServer server(
            function_handler([](FunctionHandler& h) { h.answer(std::string(30'000'000, 'x')); }),
            at_least_240);
        RawClient client = server.raw_client(1 << 20);
        client.send(get);
        client.receive_until("\r\n\r\n");
        // The kernel has megabytes: the server sends none for minutes, the client takes some.
        for (int i = 0; i < 30; ++i) {
            server.advance(50s);
            client.receive(300'000);
        }
        client.receive(30'000'000 - 30 * 300'000);
        client.send(get);
        CHECK(client.receive(15) == "HTTP/1.1 200 OK");
    }

    TEST_CASE("A handler that writes slowly is not the client's fault") {
        std::atomic<int> written = 0;
        std::atomic<bool> over = false;
        TestServer server(function_handler([&](FunctionHandler& h) {
                              h.send_response(200);
                              h.end_headers();
                              for (int i = 0; !over; ++i) {
                                  while (written < i && !over) std::this_thread::yield();
                                  h.wfile.write("event\n");
                                  h.wfile.flush();
                              }
                          }),
                          at_least_240);
        RawClient client = server.raw_client();
        client.send(get);
        for (int i = 0; i < 40; ++i) {
            CAPTURE(i);
            client.receive_until("event\n");
            server.advance(20s);
            ++written;
        }
        client.receive_until("event\n");
        over = true;
    }
}
