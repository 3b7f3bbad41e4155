// What Python's servers have and no other test shows: binding, sockets, the thread of a request.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

const Address any_port{"127.0.0.1", 0};

int option(int socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof(value);
    REQUIRE(::getsockopt(socket, level, name, &value, &size) == 0);
    return value;
}

/// How many connections may wait; the kernel tells it of a listening socket here.
unsigned backlog(int socket) {
    tcp_info info{};
    socklen_t size = sizeof(info);
    REQUIRE(::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    return info.tcpi_sacked;
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE("A server binds and listens at once") {
        const HTTPServer server(any_port, echo_handler());
        CHECK(server.fileno() >= 0);
        CHECK(server.server_address.host == "127.0.0.1");
        CHECK(server.server_address.port == server.server_port);
        CHECK(server.server_port != 0);
        CHECK(option(server.fileno(), SOL_SOCKET, SO_ACCEPTCONN) == 1);
        CHECK(option(server.fileno(), SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
        CHECK(server.RequestHandlerClass);
    }

    TEST_CASE("A server that is told to waits for server_bind and server_activate") {
        HTTPServer server(any_port, echo_handler(), false);
        CHECK(server.fileno() == -1);
        CHECK(server.server_address.port == 0);
        server.request_queue_size = 7;
        server.server_bind();
        CHECK(server.server_address.port != 0);
        CHECK(option(server.fileno(), SOL_SOCKET, SO_ACCEPTCONN) == 0);
        server.server_activate();
        CHECK(option(server.fileno(), SOL_SOCKET, SO_ACCEPTCONN) == 1);
        CHECK(backlog(server.fileno()) == 7);
    }

    TEST_CASE("An address is bound again while old connections linger, unless told not to") {
        for (const bool reuse : {true, false}) {
            HTTPServer server(any_port, echo_handler(), false);
            server.allow_reuse_address = reuse;
            server.server_bind();
            CHECK(option(server.fileno(), SOL_SOCKET, SO_REUSEADDR) == (reuse ? 1 : 0));
        }
    }

    TEST_CASE("An address that another server has is an error that names it") {
        const HTTPServer first(any_port, echo_handler());
        CHECK_THROWS_AS(HTTPServer({"127.0.0.1", first.server_port}, echo_handler()),
                        std::system_error);
    }

    TEST_CASE("The end of a server's scope closes its socket, as the end of with does") {
        std::optional<ThreadingHTTPServer> server;
        server.emplace(any_port, echo_handler());
        const Address address{"127.0.0.1", server->server_port};
        server.reset();
        CHECK_NOTHROW(HTTPServer(address, echo_handler()));  // the address is free again

        const TempDir directory;
        const std::filesystem::path path = directory / "socket";
        server.emplace(Address{"unix:" + path.string()}, echo_handler());
        CHECK(std::filesystem::exists(path));
        server.reset();
        CHECK_FALSE(std::filesystem::exists(path));
    }

    TEST_CASE("RequestHandlerClass is asked for the handler of each request") {
        std::atomic<int> made = 0;
        const HandlerFactory echo = echo_handler();
        TestServer<> server([&](Request& request, const Address& client, BaseServer& base) {
            ++made;
            return echo(request, client, base);
        });
        HttpClient client = server.client();
        CHECK(client.get("/a").body == "GET /a []");
        CHECK(client.get("/b").body == "GET /b []");
        CHECK(made == 2);
    }

    TEST_CASE("process_request_thread runs on the request's thread and may be overridden") {
        struct Own : ThreadingHTTPServer {
            using ThreadingHTTPServer::ThreadingHTTPServer;
            std::atomic<std::thread::id> thread;
            void process_request_thread(Request& request, const Address& client) override {
                thread = std::this_thread::get_id();
                ThreadingHTTPServer::process_request_thread(request, client);
            }
        };
        TestServer<Own> server(function_handler([](FunctionHandler& h) {
            const bool same = static_cast<Own&>(h.server).thread == std::this_thread::get_id();
            h.answer(same ? "same" : "other");
        }));
        CHECK(server.client().get("/").body == "same");
    }
}
