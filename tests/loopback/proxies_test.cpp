// X-Forwarded-For and X-Forwarded-Proto, from trusted peers only.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/loopback/replayed_support.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

/// Answers with what is known of the client.
HandlerFactory client_handler() {
    return function_handler([](FunctionHandler& h) {
        h.answer(h.client_address.text() + " " + std::string(h.request.scheme()) +
                 (h.request.from_trusted_proxy ? " by a proxy" : ""));
    });
}

std::shared_ptr<const StaticSite> shared_site(const Site& site) {
    return std::make_shared<StaticSite>(DocumentRoot::open(site.directory.str()));
}

TestServer<>::Prepare trusting(const std::vector<std::string>& networks) {
    return [=](ThreadingHTTPServer& s) { s.settings.trusted_proxies = Networks(networks); };
}

/// The first words of the lines of an access log.
std::string clients_of(const std::string& log) {
    std::string clients;
    for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1)
        clients += log.substr(at, log.find(' ', at) - at) + " ";
    return clients;
}

}  // namespace

TEST_SUITE("proxies") {
    TEST_CASE("A proxy that is none any more is not believed on open connections either") {
        TestServer server(client_handler(), trusting({"127.0.0.1"}));
        HttpClient proxy = server.client();
        const auto body = [&] { return proxy.get("/", {{"X-Forwarded-For", "192.0.2.1"}}).body; };
        CHECK(body().starts_with("192.0.2.1:0"));
        const auto trust = [&](const std::vector<std::string>& networks) {
            HttpSettings next = server.server().settings;
            next.trusted_proxies = Networks(networks);
            server.server().reconfigure(next, server.server().tls);
        };
        trust({"10.0.0.0/8", "127.0.0.1"});
        CHECK(body().starts_with("192.0.2.1:0"));
        trust({"10.0.0.0/8"});
        CHECK(body().starts_with("127.0.0.1:"));
        CHECK(body().find("by a proxy") == std::string::npos);
    }

    TEST_CASE("A trusted proxy tells who its client is") {
        TestServer server(client_handler(), trusting({"127.0.0.1", "10.0.0.0/8"}));
        HttpClient proxy = server.client();
        const std::string scheme = over_tls() ? " https" : " http";
        const struct {
            std::string field, expected;
        } rows[] = {
            {"192.0.2.1", "192.0.2.1:0"},
            {"192.0.2.7:4711", "192.0.2.7:4711"},
            {"6.6.6.6, 2001:DB8::1, 10.0.0.1", "[2001:db8::1]:0"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.field);
            CHECK(proxy.get("/", {{"X-Forwarded-For", row.field}}).body ==
                  row.expected + scheme + " by a proxy");
        }
        for (const std::string garbage : {"", "unknown", "192.0.2.1, unknown"}) {
            CAPTURE(garbage);
            const std::string body = proxy.get("/", {{"X-Forwarded-For", garbage}}).body;
            CHECK(body.starts_with("127.0.0.1:"));
            CHECK_FALSE(body.starts_with("127.0.0.1:0"));
        }
        CHECK(proxy.get("/").body.starts_with("127.0.0.1:"));  // each request for itself
        CHECK(clients_of(server.access_log()) ==
              "192.0.2.1 192.0.2.7 2001:db8::1 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1 ");
    }

    TEST_CASE("What anybody else says of its address does not count") {
        for (const auto& networks :
             {std::vector<std::string>{}, std::vector<std::string>{"10.0.0.0/8", "unix"}}) {
            TestServer server(client_handler(), trusting(networks));
            const Reply reply = server.client().get(
                "/", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}});
            CHECK(reply.body.starts_with("127.0.0.1:"));
            CHECK(reply.body.ends_with(over_tls() ? " https" : " http"));
            CHECK(clients_of(server.access_log()) == "127.0.0.1 ");
        }
    }

    TEST_CASE("A trusted proxy tells that its client speaks https") {
        TestServer server(client_handler(), trusting({"127.0.0.1"}));
        HttpClient proxy = server.client();
        CHECK(proxy.get("/", {{"X-Forwarded-Proto", "https"}}).body.ends_with(" https by a proxy"));
        CHECK(proxy.get("/", {{"X-Forwarded-Proto", "http"}})
                  .body.ends_with(over_tls() ? " https by a proxy" : " http by a proxy"));
    }

    TEST_CASE("A proxy on a unix socket is trusted by that word") {
        const TempDir directory;
        const std::string path = (directory / "socket").string();
        TestServer server(client_handler(), [&](ThreadingHTTPServer& s) {
            s.settings.trusted_proxies = Networks({"unix"});
            s.add_address({"unix:" + path, 0});
            s.server_activate();
        });
        HttpClient proxy({path, 0});
        CHECK(proxy.get("/", {{"X-Forwarded-For", "192.0.2.1"}}).body.starts_with("192.0.2.1:0 "));
        CHECK(proxy.get("/").body.starts_with("unix:"));
    }

    TEST_CASE("A refused head is the peer's, whatever it says") {
        TestServer server(client_handler(), trusting({"127.0.0.1"}));
        HttpClient proxy = server.client();
        proxy.send("GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\nbad line\r\n\r\n");
        CHECK(proxy.receive().status == 400);
        CHECK(clients_of(server.access_log()) == "127.0.0.1 ");
    }

    TEST_CASE("A replayed answer is logged with the client that the proxy names") {
        const Site site;
        const auto shared = shared_site(site);
        TestServer server(
            [shared](Request& r, const Address& a, BaseServer& s) {
                return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, shared);
            },
            trusting({"127.0.0.1"}));
        HttpClient proxy = server.client();
        for (const std::string client : {"192.0.2.1", "192.0.2.2", "2001:db8::3"})
            CHECK(proxy.get("/tiny.txt", {{"X-Forwarded-For", client}}).body == "0123456789");
        CHECK(proxy.get("/tiny.txt").status == 200);
        const auto counted = [&] {
            server.stop();
            return server.server().cache_counters();
        }();
        CHECK(counted.hits == 3);
        CHECK(clients_of(server.access_log()) == "192.0.2.1 192.0.2.2 2001:db8::3 127.0.0.1 ");
    }

    TEST_CASE("An answer to a client of https is kept apart from one to a client of http") {
        if (over_tls()) return;  // there all is https
        const Site site;
        const auto shared = shared_site(site);
        TestServer server(
            [shared](Request& r, const Address& a,
                     BaseServer& s) -> std::unique_ptr<BaseRequestHandler> {
                if (r.scheme() == "http") return client_handler()(r, a, s);
                return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, shared);
            },
            trusting({"127.0.0.1"}));
        HttpClient proxy = server.client();
        for (int i = 0; i < 3; ++i) {
            CHECK(proxy.get("/tiny.txt", {{"X-Forwarded-Proto", "https"}}).body == "0123456789");
            CHECK(proxy.get("/tiny.txt").body.ends_with("http by a proxy"));
        }
    }
}
