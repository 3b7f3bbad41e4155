// How many connections may be open at once.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TestServer<>::Prepare with_limits(unsigned total, unsigned per_address, unsigned loops = 1) {
    return [=](ThreadingHTTPServer& s) {
        s.settings.connections = total;
        s.settings.connections_per_address = per_address;
        s.settings.loops = loops;
    };
}

bool answers(RawClient& client) {
    client.send(get);
    return client.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200 ") &&
           client.receive_until("]") == "GET / []";
}

/// Whether a new client is turned away: with a 503 or, over TLS, without a word.
bool is_refused(const TestServerBase& server) {
    RawClient client = RawClient::plain(server.port());
    client.send(get);
    const std::string all = client.receive_all();
    if (over_tls()) return all.empty();
    return all.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n") &&
           all.ends_with("\r\n\r\nToo many open connections\n");
}

std::size_t lines_of(const std::string& log) {
    return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
}

}  // namespace

TEST_SUITE("connection limits") {
    TEST_CASE("One connection too many waits until another ends") {
        for (const unsigned loops : {1u, 3u}) {
            CAPTURE(loops);
            TestServer server(echo_handler(), with_limits(4, 0, loops));
            std::vector<RawClient> clients;
            for (int i = 0; i < 4; ++i) {
                clients.push_back(server.raw_client());
                CHECK(answers(clients.back()));
            }
            for (int round = 0; round < 5; ++round) {
                RawClient late = RawClient::plain(server.port());
                late.send(get);
                server.settle();
                // Loops that look at the same moment may take one each.
                if (loops == 1) CHECK_FALSE(late.something_there());
                clients.erase(clients.begin());  // ends, and makes room
                CHECK(late.receive(9) == "HTTP/1.1 ");
                late.cut();
                clients.push_back(server.raw_client());
                CHECK(answers(clients.back()));
            }
            const std::string log = server.error_log();
            CHECK(log.find("warning: 4 connections are open: new ones wait. Raise "
                           "limits.connections") != std::string::npos);
            CHECK(lines_of(log) == 1);
        }
    }

    TEST_CASE("Without a limit there are as many as descriptors allow, and some are left") {
        TestServer server(echo_handler());
        CHECK(answers(*std::make_unique<RawClient>(server.raw_client())));
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(server.server().connection_limits.total() ==
              limit.rlim_cur - limit.rlim_cur / 4 - 32);
    }

    TEST_CASE("One client address may have only so many, on all loops together") {
        TestServer server(echo_handler(), with_limits(0, 3, 2));
        std::vector<RawClient> clients;
        for (int i = 0; i < 3; ++i) {
            clients.push_back(server.raw_client());
            CHECK(answers(clients.back()));
        }
        for (int i = 0; i < 5; ++i) CHECK(is_refused(server));
        for (RawClient& client : clients) CHECK(answers(client));
        clients.pop_back();
        server.settle();
        server.settle();
        clients.push_back(server.raw_client());
        CHECK(answers(clients.back()));
        CHECK(is_refused(server));
        clients.clear();
        server.advance(3s);  // over TLS a connection lingers
        CHECK(server.server().connection_limits.addresses() == 0);
        const std::string log = server.error_log();
        CHECK(log.find("warning: A connection of 127.0.0.1:") != std::string::npos);
        CHECK(log.find("limits.connections_per_address") != std::string::npos);
        CHECK(lines_of(log) == 1);
    }

    TEST_CASE("A trusted proxy has as many as it wants") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) {
            s.settings.connections_per_address = 1;
            s.settings.trusted_proxies = Networks({"127.0.0.1"});
        });
        std::vector<RawClient> proxies;
        for (int i = 0; i < 4; ++i) {
            proxies.push_back(server.raw_client());
            CHECK(answers(proxies.back()));
        }
    }

    TEST_CASE("With the PROXY protocol the client counts that the header names") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) {
            s.settings.connections_per_address = 1;
            s.settings.trusted_proxies = Networks({"127.0.0.1"});
            s.settings.proxy_protocol = true;
        });
        const auto from = [&](const std::string& address) {
            return RawClient::greeting(server.port(), "PROXY TCP6 " + address + " ::1 1 2\r\n");
        };
        RawClient first = from("2001:db8::1");
        CHECK(answers(first));
        RawClient other = from("2001:db8:0:1::1");
        CHECK(answers(other));
        // The same /64 is the same client.
        RawClient neighbour = RawClient::plain(server.port());
        neighbour.send("PROXY TCP6 2001:db8::2 ::1 1 2\r\n" + get);
        const std::string all = neighbour.receive_all();
        CHECK((over_tls() ? all.empty() : all.starts_with("HTTP/1.1 503 ")));
        CHECK(server.server().connection_limits.addresses() == 2);
        server.error_log();
    }
}
