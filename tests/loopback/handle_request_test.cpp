// handle_request(): a server that its caller drives, one request at a time.
#include <doctest/doctest.h>

#include <future>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

template <class Base>
struct Driven : Base {
    explicit Driven(HandlerFactory handler) : Base({"127.0.0.1", 0}, std::move(handler)) {
        this->set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
        speak_test_transport(*this);
    }
    int timeouts = 0;
    void handle_timeout() override { ++timeouts; }

    /// A connection; the server works meanwhile, for the handshake over TLS.
    RawClient client() {
        auto made = std::async(std::launch::async, [this] { return RawClient(this->server_port); });
        const auto before = std::pair(this->timeout, timeouts);
        this->timeout = 1ms;
        while (made.wait_for(0ms) != std::future_status::ready) this->handle_request();
        std::tie(this->timeout, timeouts) = before;
        return made.get();
    }
};

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_SUITE("handle_request") {
    TEST_CASE_TEMPLATE("handle_request answers one request", Server, Driven<HTTPServer>,
                       Driven<ThreadingHTTPServer>) {
        Server server(echo_handler());
        RawClient client = server.client();
        for (int i = 0; i < 3; ++i) {
            client.send(get);
            server.handle_request();
            client.receive_until("GET /a []");
        }
        CHECK(server.timeouts == 0);
    }

    TEST_CASE("handle_request takes a new connection each time as well") {
        Driven<HTTPServer> server(echo_handler());
        for (int i = 0; i < 3; ++i) {
            RawClient client = server.client();
            client.send(get);
            server.handle_request();
            client.receive_until("GET /a []");
        }
    }

    TEST_CASE("Requests that came together are one each for handle_request") {
        Driven<HTTPServer> server(echo_handler());
        server.timeout = 30s;
        RawClient one = server.client(), two = server.client(), three = server.client();
        for (RawClient* client : {&one, &two, &three}) client->send(get);
        for (int i = 0; i < 3; ++i) server.handle_request();
        for (RawClient* client : {&one, &two, &three}) client->receive_until("GET /a []");
        CHECK(server.timeouts == 0);
    }

    TEST_CASE("handle_request with a timeout of 0 serves what is there") {
        Driven<HTTPServer> server(echo_handler());
        RawClient client = server.client();
        client.send(get);
        server.timeout = 0ms;
        while (!client.something_there()) server.handle_request();
        client.receive_until("GET /a []");
    }

    TEST_CASE("handle_request without a request calls handle_timeout in time") {
        Driven<HTTPServer> server(echo_handler());
        server.timeout = 0ms;
        server.handle_request();
        CHECK(server.timeouts == 1);
        server.timeout = 5ms;
        server.handle_request();
        CHECK(server.timeouts == 2);
        RawClient client = server.client();
        client.send("GET /half");
        server.handle_request();
        CHECK(server.timeouts == 3);
        client.send(" HTTP/1.1\r\nHost: h\r\n\r\n");
        server.timeout = 10s;
        server.handle_request();
        client.receive_until("GET /half []");
        CHECK(server.timeouts == 3);
    }

    TEST_CASE("handle_request counts a refused request as one") {
        Driven<HTTPServer> server(echo_handler());
        RawClient client = server.client();
        client.send("BAD\r\n\r\n");
        server.handle_request();
        CHECK(client.receive(12) == "HTTP/1.1 400");
    }

    TEST_CASE("A server that handled single requests can serve for ever") {
        Driven<ThreadingHTTPServer> server(echo_handler());
        RawClient first = server.client();
        first.send(get);
        server.handle_request();
        first.receive_until("GET /a []");
        std::thread thread([&] { server.serve_forever(); });
        RawClient second(server.server_port);
        second.send(get);
        second.receive_until("GET /a []");
        first.send(get);
        first.receive_until("GET /a []");
        server.shutdown();
        thread.join();
    }
}
