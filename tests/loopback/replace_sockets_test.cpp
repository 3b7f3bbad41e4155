// TCPServer::replace_sockets: other addresses while serving.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

std::uint16_t port_of(const ListeningSocket& socket) {
    return socket_address(socket.socket.get()).port;
}

bool refuses(std::uint16_t port) {
    try {
        connect_to({"127.0.0.1", port});
        return false;
    } catch (const std::system_error&) {
        return true;
    }
}

std::string body_at(std::uint16_t port) { return HttpClient({"127.0.0.1", port}).get("/a").body; }

}  // namespace

TEST_SUITE("replace sockets") {
    TEST_CASE("A socket is added, the first one goes, and open connections stay") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) { s.settings.loops = 3; });
        HttpClient open = server.client();
        CHECK(open.get("/a").status == 200);
        const auto first = server.server().sockets().front();
        const auto second = server.server().make_socket({"127.0.0.1", 0});
        server.server().replace_sockets({first, second});
        CHECK(body_at(port_of(*first)) == "GET /a []");
        CHECK(body_at(port_of(*second)) == "GET /a []");
        CHECK(server.server().addresses().size() == 2);
        server.server().replace_sockets({second});
        const std::uint16_t gone = port_of(*first);
        CHECK(body_at(port_of(*second)) == "GET /a []");
        CHECK(server.server().addresses().size() == 1);
        CHECK(open.get("/a").status == 200);
        CHECK_FALSE(refuses(gone));  // `first` holds it
    }

    TEST_CASE("The last one who has a socket closes it") {
        TestServer server(echo_handler());
        const std::uint16_t old = server.port();
        server.server().replace_sockets({server.server().make_socket({"127.0.0.1", 0})});
        CHECK(refuses(old));
        server.server().replace_sockets({});
        CHECK(server.server().fileno() == -1);
        const auto again = server.server().make_socket({"127.0.0.1", old});
        server.server().replace_sockets({again});
        CHECK(body_at(old) == "GET /a []");
    }

    TEST_CASE("Who waits in one that goes is served") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) { s.settings.loops = 2; });
        const auto keep = server.server().make_socket({"127.0.0.1", 0});
        for (int round = 0; round < 50; ++round) {
            const auto other = server.server().make_socket({"127.0.0.1", 0});
            server.server().replace_sockets({keep, other});
            std::vector<Fd> waiting;
            for (int i = 0; i < 10; ++i) {
                waiting.push_back(connect_to({"127.0.0.1", port_of(*other)}));
                const std::string_view text = "GET /a HTTP/1.0\r\n\r\n";
                if (!over_tls())
                    CHECK(::send(waiting.back().get(), text.data(), text.size(), 0) > 0);
            }
            server.server().replace_sockets({keep});
            for (Fd& client : waiting) {
                ClientStream stream = ClientStream::of_test_transport(std::move(client));
                if (over_tls()) stream.send("GET /a HTTP/1.0\r\n\r\n");
                std::string all;
                while (stream.receive(all)) continue;
                CHECK(all.ends_with("GET /a []"));
            }
        }
    }

    TEST_CASE("One that cannot be listened on throws, and nothing has changed") {
        TestServer server(echo_handler());
        const auto first = server.server().make_socket({"0.0.0.0", 0});
        const auto second = server.server().make_socket({"127.0.0.1", port_of(*first)});
        CHECK_THROWS_AS(server.server().replace_sockets({first, second}), std::system_error);
        CHECK(server.server().addresses().size() == 1);
        CHECK(body_at(server.port()) == "GET /a []");
    }

    TEST_CASE("The file of a unix socket goes with it, unless the next one has its place") {
        const TempDir directory;
        const std::string path = directory / "sock";
        const auto exists = [&] { return std::filesystem::exists(path); };
        TestServer server(echo_handler());
        const auto tcp = server.server().sockets().front();
        const auto file = server.server().make_socket({"unix:" + path, 0});
        server.server().replace_sockets({tcp, file});
        CHECK(HttpClient({path, 0}).get("/a").status == 200);
        auto heir = std::make_shared<ListeningSocket>();
        heir->socket.reset(::fcntl(file->socket.get(), F_DUPFD_CLOEXEC, 3));
        heir->unix_path = path;
        server.server().replace_sockets({tcp, heir});
        CHECK(exists());
        CHECK(HttpClient({path, 0}).get("/a").status == 200);
        server.server().replace_sockets({tcp});
        CHECK_FALSE(exists());
    }
}
