// A child that is just being started holds our sockets for a moment: what we close is still open.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <ostream>
#include <vector>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

/// Another descriptor for each connection that the server on `port` has accepted.
std::vector<Fd> hold_connections(std::uint16_t port) {
    std::vector<Fd> held;
    for (int fd = 3; fd < 1024; ++fd) {
        sockaddr_in local{};
        sockaddr_in peer{};
        socklen_t size = sizeof local;
        if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) continue;
        if (local.sin_family != AF_INET || ntohs(local.sin_port) != port) continue;
        size = sizeof peer;
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
        held.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    }
    return held;
}

}  // namespace

TEST_SUITE("held sockets") {
    TEST_CASE("No event comes for a connection that was closed but is held open elsewhere") {
        TestServer server(echo_handler());
        for (int i = 0; i < 50; ++i) {
            RawClient client = server.raw_client();
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            client.receive_until("\r\n\r\n");
            server.settle();
            const std::vector<Fd> held = hold_connections(server.port());
            REQUIRE_FALSE(held.empty());
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            client.receive_until("Connection: close");
            server.settle();
            client.send("more");  // wakes whoever still watches
            client.cut();
            server.settle();
        }
        CHECK(server.client().get("/").status == 200);
    }
}
