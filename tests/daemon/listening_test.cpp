// Where the daemon listens: what the command line and the INI file name, without a service manager.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

std::string body_from(const Endpoint& endpoint) {
    return HttpClient(endpoint).get("/file.txt").body;
}

/// Says so when this machine cannot; the test then ends without having tested.
bool lacks_ipv6() {
    const Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    const bool works =
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (!works) std::puts("SKIPPED: this machine has no IPv6");
    return !works;
}

int option(const Fd& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(socket.get(), level, name, &value, &size) == 0 ? value : -1;
}

/// Its listening sockets, as descriptors of ours; none where we may not have them.
std::vector<Fd> listening_sockets_of(int pid) {
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    std::vector<Fd> sockets;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        const int fd = std::stoi(entry.path().filename());
        Fd copy(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
        if (copy && option(copy, SOL_SOCKET, SO_ACCEPTCONN) == 1)
            sockets.push_back(std::move(copy));
    }
    return sockets;
}

}  // namespace

TEST_SUITE("daemon listening") {
    TEST_CASE(
        "TCP clients are kept in the kernel until they have spoken, their answers go at once") {
        const TempDir site;
        const Daemon daemon({.root = site.str(),
                             .ini = "[server]\nbind = 127.0.0.1:0 127.0.0.2:0\n",
                             .activation = false});
        const auto sockets = listening_sockets_of(daemon.child().pid());
        if (sockets.empty()) {
            std::puts("SKIPPED: the descriptors of another process cannot be had here");
            return;
        }
        CHECK(sockets.size() == 2);
        for (const Fd& socket : sockets) {
            CHECK(option(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0);
            CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) == 1);
        }
    }

    TEST_CASE("Port 0 takes a free port on all addresses, IPv6 and IPv4, and says which") {
        if (lacks_ipv6()) return;
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon(
            {.root = "", .arguments = {"--root", site.str(), "--port", "0"}, .activation = false});
        REQUIRE(daemon.announced_urls().size() == 1);
        const std::string url = daemon.announced_urls().front();
        CHECK(url.starts_with("http://localhost:"));
        const std::uint16_t port = port_of(url);
        CHECK(port != 0);
        CHECK(body_from({"127.0.0.1", port}) == "x");
        CHECK(body_from({"::1", port}) == "x");
        // Clients over IPv4 are logged as such, not as ::ffff:127.0.0.1.
        auto lines = lines_of(daemon.access_log(2));
        std::sort(lines.begin(), lines.end());  // each loop writes its own
        CHECK(lines[0].starts_with("127.0.0.1 - - "));
        CHECK(lines[1].starts_with("::1 - - "));
    }

    TEST_CASE("Two addresses are served, and an IPv6 one alone takes no IPv4") {
        if (lacks_ipv6()) return;
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str(),
                             .ini = "[server]\nbind = [::1]:0 127.0.0.1:0\n",
                             .activation = false});
        const auto urls = daemon.announced_urls();
        REQUIRE(urls.size() == 2);
        CHECK(urls[0].starts_with("http://[::1]:"));
        CHECK(urls[1].starts_with("http://127.0.0.1:"));
        CHECK(body_from({"::1", port_of(urls[0])}) == "x");
        CHECK(body_from({"127.0.0.1", port_of(urls[1])}) == "x");
        if (port_of(urls[0]) != port_of(urls[1]))
            CHECK_THROWS_AS(connect_to({"127.0.0.1", port_of(urls[0])}), std::system_error);
    }

    TEST_CASE("A unix socket is served, replaces a dead one and is gone at the end") {
        const TempDir site;
        site.write("file.txt", "x");
        const TempDir work;
        const std::string socket = work / "http.sock";
        for (int round = 0; round < 2; ++round) {
            const Daemon daemon({.root = site.str(),
                                 .ini = "[server]\nbind = unix:" + socket + "\n",
                                 .activation = false});
            CHECK(daemon.endpoint().host == socket);
            CHECK(daemon.get("/file.txt").body == "x");
            CHECK(daemon.access_log(1).find("\"GET /file.txt HTTP/1.1\" 200 1") !=
                  std::string::npos);
            // A second server must not take it away.
            const Output second = run_daemon({"--root", site.str(), "--bind", "unix:" + socket});
            CHECK(second.exit_status == 2);
            CHECK(second.err.find("in use") != std::string::npos);
            CHECK(daemon.get("/file.txt").body == "x");
            if (round == 0) std::filesystem::create_hard_link(socket, work / "dead.sock");
        }
        CHECK_FALSE(std::filesystem::exists(socket));
        // What a killed server leaves behind.
        std::filesystem::rename(work / "dead.sock", socket);
        const Daemon daemon({.root = site.str(),
                             .ini = "[server]\nbind = unix:" + socket + "\n",
                             .activation = false});
        CHECK(daemon.get("/file.txt").body == "x");
    }
}
