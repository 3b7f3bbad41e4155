// What a derived server may override, and what a handler that fails costs.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

template <class Base>
struct Hooked : Base {
    using Base::Base;
    std::atomic<int> verified = 0, processed = 0, finished = 0, ended = 0, errors = 0, actions = 0;

    bool verify_request(Request& request, const Address& client) override {
        ++verified;
        CHECK(client.host == "127.0.0.1");
        if (request.head().target == "/throw-verify") throw std::runtime_error("in verify_request");
        return request.head().target != "/denied";
    }
    void process_request(Request& request, const Address& client) override {
        ++processed;
        Base::process_request(request, client);
    }
    void finish_request(Request& request, const Address& client) override {
        ++finished;
        Base::finish_request(request, client);
    }
    void shutdown_request(Request& request) override {
        ++ended;
        Base::shutdown_request(request);
    }
    void handle_error(Request& request, const Address& client) override {
        ++errors;
        Base::handle_error(request, client);
    }
    void service_actions() override { ++actions; }
};

HandlerFactory failing_handler() {
    return function_handler([](FunctionHandler& h) {
        if (h.path == "/early") throw std::runtime_error("too early");
        h.send_response(200);
        h.end_headers();
        h.wfile.write("half");
        if (h.path == "/late") throw std::runtime_error("too late");
    });
}

}  // namespace

TEST_SUITE("hooks") {
    TEST_CASE_TEMPLATE("Every request passes through every hook once", Server, Hooked<HTTPServer>,
                       Hooked<ThreadingHTTPServer>) {
        TestServer<Server> server(echo_handler());
        HttpClient client = server.client();
        for (int i = 1; i <= 3; ++i) {
            CHECK(client.get("/").status == 200);
            server.settle();
            CHECK(server.server().verified == i);
            CHECK(server.server().processed == i);
            CHECK(server.server().finished == i);
            CHECK(server.server().ended == i);
        }
        CHECK(server.server().errors == 0);
    }

    TEST_CASE("verify_request is asked once, even if the body comes later") {
        TestServer<Hooked<ThreadingHTTPServer>> server(echo_handler());
        HttpClient client = server.client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
        server.settle();
        client.send("hello");
        CHECK(client.receive().body == "POST / [hello]");
        CHECK(server.server().verified == 1);
    }

    TEST_CASE("verify_request is not asked again when the body turns out bad") {
        TestServer<Hooked<HTTPServer>> server(echo_handler());
        RawClient client = server.raw_client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        server.settle();
        client.send("xyz\r\n");
        CHECK(contains(client.receive_all(), "HTTP/1.1 400 "));
        CHECK(server.server().verified == 1);
    }

    TEST_CASE_TEMPLATE("verify_request denies by closing, without an answer", Server,
                       Hooked<HTTPServer>, Hooked<ThreadingHTTPServer>) {
        TestServer<Server> server(echo_handler());
        for (const std::string request : {"GET /denied HTTP/1.1\r\nHost: h\r\n\r\n",
                                          "POST /denied HTTP/1.1\r\nHost: h\r\n"
                                          "Content-Length: 5\r\n\r\nhello"}) {
            CAPTURE(request);
            CHECK(exchange(server.port(), request + std::string(get)) == "");
        }
        CHECK(server.client().get("/").status == 200);
        CHECK(server.server().finished == 1);
        CHECK_FALSE(contains(server.access_log(), "denied"));
    }

    TEST_CASE("A verify_request that throws denies, and is logged") {
        TestServer<Hooked<ThreadingHTTPServer>> server(echo_handler());
        CHECK(exchange(server.port(), "GET /throw-verify HTTP/1.1\r\nHost: h\r\n\r\n") == "");
        CHECK(server.server().errors == 1);
        CHECK(server.client().get("/").status == 200);
        CHECK(contains(server.error_log(), "in verify_request"));
    }

    TEST_CASE_TEMPLATE("A handler that throws costs its own request only, and is logged", Server,
                       Hooked<HTTPServer>, Hooked<ThreadingHTTPServer>) {
        TestServer<Server> server(failing_handler());
        HttpClient other = server.client();
        CHECK(other.get("/").body == "half");
        const std::string early =
            exchange(server.port(), "GET /early HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(get));
        CHECK(early.starts_with("HTTP/1.1 500 "));
        CHECK(contains(early, "\r\nConnection: close\r\n"));
        CHECK(early.ends_with("</html>\n"));
        CHECK_FALSE(contains(early, "too early"));
        const std::string late =
            exchange(server.port(), "GET /late HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(get));
        CHECK(late.starts_with("HTTP/1.1 200 "));
        CHECK(late.ends_with("\r\n\r\n4\r\nhalf\r\n"));
        CHECK(other.get("/").body == "half");
        CHECK(server.server().errors == 2);
        const std::string log = server.error_log();
        CHECK(contains(log, "\"GET /early HTTP/1.1\": too early"));
        CHECK(contains(log, "\"GET /late HTTP/1.1\": too late"));
        CHECK(contains(log, " error: Exception while answering 127.0.0.1:"));
    }

    TEST_CASE("A handler that cannot be made costs its own request only") {
        TestServer server([](Request& r, const Address& a, BaseServer& s) {
            if (r.head().target == "/bad") throw std::runtime_error("no handler");
            return echo_handler()(r, a, s);
        });
        CHECK(exchange(server.port(), "GET /bad HTTP/1.1\r\nHost: h\r\n\r\n")
                  .starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
        CHECK(server.client().get("/").status == 200);
        CHECK(contains(server.error_log(), "no handler"));
    }

    TEST_CASE("service_actions is called every poll interval") {
        TestServer<Hooked<ThreadingHTTPServer>> server(echo_handler());
        server.settle();
        const int before = server.server().actions;
        for (int i = 0; i < 5; ++i) server.advance(1s);
        CHECK(server.server().actions == before + 5);
    }

    TEST_CASE("finish_request may choose another handler") {
        struct Choosing : ThreadingHTTPServer {
            using ThreadingHTTPServer::ThreadingHTTPServer;
            void finish_request(Request& request, const Address& client) override {
                RequestHandlerClass = nullptr;  // must not be used
                const auto handler = function_handler(
                    [](FunctionHandler& h) { h.answer("chosen"); })(request, client, *this);
                handler->handle();
            }
        };
        TestServer<Choosing> server(echo_handler());
        CHECK(server.client().get("/").body == "chosen");
    }

    TEST_CASE("Any method name works that the handler registers") {
        struct Spam : FunctionHandler {
            Spam(Request& r, const Address& a, BaseServer& s)
                : FunctionHandler(r, a, s, [](FunctionHandler& h) { h.answer("known"); }) {
                add_method("SPAM", [this] { answer("spam [" + rfile.read() + "]"); });
            }
        };
        TestServer server(handler_class<Spam>());
        HttpClient client = server.client();
        CHECK(client.request("SPAM", "/").body == "spam []");
        client.send("SPAM / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\neggs");
        CHECK(client.receive().body == "spam [eggs]");
        CHECK(client.request("EGGS", "/").status == 501);
        CHECK(client.get("/").body == "known");
    }

    TEST_CASE("Several servers live in one process") {
        TestServer first(function_handler([](FunctionHandler& h) { h.answer("first"); }));
        TestServer second(function_handler([](FunctionHandler& h) { h.answer("second"); }));
        HttpClient one = first.client(), two = second.client();
        for (int i = 0; i < 3; ++i) {
            CHECK(one.get("/").body == "first");
            CHECK(two.get("/").body == "second");
        }
        first.stop();
        CHECK(two.get("/").body == "second");
    }

    TEST_CASE("A server knows its name, port and socket") {
        TestServer server(echo_handler());
        CHECK(server.server().server_name == "127.0.0.1");
        CHECK(server.server().server_port > 0);
        CHECK(server.server().server_address.text() ==
              "127.0.0.1:" + std::to_string(server.server().server_port));
        CHECK(server.server().fileno() >= 0);
        REQUIRE(server.server().addresses().size() == 1);
        server.stop();
        CHECK(server.server().fileno() == -1);
    }

    TEST_CASE("Several loops share the work") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) { s.settings.loops = 3; });
        for (int i = 0; i < 30; ++i) CHECK(server.client().get("/").status == 200);
    }
}
