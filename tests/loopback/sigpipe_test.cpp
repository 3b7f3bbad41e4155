// Clients that leave while they are sent to: no program is ended by that.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

namespace basehttp {
namespace {

bool is_blocked() {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return ::sigismember(&mask, SIGPIPE) == 1;
}

}  // namespace

TEST_SUITE("SIGPIPE") {
    TEST_CASE("It is blocked on loops and workers") {
        const auto tell = [](FunctionHandler& h) { h.answer(is_blocked() ? "blocked" : "open"); };
        CHECK(TestServer<HTTPServer>(function_handler(tell)).client().get("/").body == "blocked");
        CHECK(TestServer(function_handler(tell)).client().get("/").body == "blocked");
    }

    TEST_CASE("One that came meanwhile does not come afterwards, and the mask is as before") {
        HTTPServer server({"127.0.0.1", 0}, function_handler([](FunctionHandler& h) {
                              ::raise(SIGPIPE);  // as sendfile to a client that has left
                              h.answer("alive");
                          }));
        TempDir directory;
        server.set_log(std::make_shared<Log>(LogOptions{
            .access = "off", .error = (directory / "e").string(), .python_messages = false}));
        RawClient client = RawClient::plain(server.server_port);
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        server.handle_request();
        CHECK(client.receive_all().ends_with("alive"));
        CHECK_FALSE(is_blocked());
    }
}

}  // namespace basehttp
