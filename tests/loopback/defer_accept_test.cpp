// TCP_DEFER_ACCEPT: clients are accepted with their first bytes.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <ostream>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

bool is_deferred(int socket) {
    int seconds = 0;
    socklen_t size = sizeof seconds;
    REQUIRE(::getsockopt(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &size) == 0);
    return seconds > 0;
}

}  // namespace

TEST_SUITE("deferred accept") {
    TEST_CASE("Sockets are as they are told before they are bound") {
        for (const bool wanted : {false, true}) {
            CAPTURE(wanted);
            ThreadingHTTPServer server({"127.0.0.1", 0}, echo_handler(), false);
            server.defer_accept = wanted;
            server.server_bind();
            CHECK(is_deferred(server.fileno()) == wanted);
        }
    }

    TEST_CASE("A client that speaks is served, on a unix socket as well") {
        const TempDir directory;
        const std::string path = (directory / "socket").string();
        TestServer server(echo_handler(), [&](ThreadingHTTPServer& s) {
            s.defer_accept = true;
            s.add_address({"127.0.0.1", 0});
            s.add_address({"unix:" + path, 0});
            s.server_activate();
        });
        const std::uint16_t port = server.server().addresses()[1].port;
        for (const Endpoint& endpoint : {Endpoint{"127.0.0.1", port}, Endpoint{path, 0}})
            CHECK(HttpClient(endpoint).get("/").status == 200);
    }
}
