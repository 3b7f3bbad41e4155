// The PROXY protocol before HTTP and before TLS.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const std::string v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";
const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v2_local = signature + "\x20\x00\x00\x00"s;
const std::string v2_tcp4 = signature + "\x21\x11\x00\x0f"s +
                            "\xc0\x00\x02\x02\xc6\x33\x64\x01\xdc\x04\x01\xbb"s + "\x04\x00\x00"s;

HandlerFactory client_handler() {
    return function_handler([](FunctionHandler& h) {
        h.answer(h.client_address.text() + (h.request.from_trusted_proxy ? " trusted" : " other"));
    });
}

TestServer<>::Prepare with_proxies(const std::vector<std::string>& networks) {
    return [=](ThreadingHTTPServer& s) {
        s.settings.trusted_proxies = Networks(networks);
        s.settings.proxy_protocol = true;
    };
}

std::string answer_after(const TestServerBase& server, const std::string& greeting,
                         const std::string& request = get) {
    RawClient proxy = RawClient::greeting(server.port(), greeting);
    proxy.send(request);
    const std::string all = proxy.receive_all();
    return all.substr(all.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_SUITE("proxy protocol") {
    TEST_CASE("The header tells the client, before TLS where that is spoken") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        CHECK(answer_after(server, v1) == "192.0.2.1:56324 other");
        CHECK(answer_after(server, v2_tcp4) == "192.0.2.2:56324 other");
        CHECK(answer_after(server, "PROXY TCP6 2001:db8::1 ::1 1 2\r\n") ==
              "[2001:db8::1]:1 other");
        CHECK(server.access_log().find("192.0.2.1 - - ") == 0);
    }

    TEST_CASE("The proxy's own connections are its own, those of unknown clients are not") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        const std::string own = answer_after(server, v2_local);
        CHECK(own.starts_with("127.0.0.1:"));
        CHECK(own.ends_with(" trusted"));
        const std::string unknown = answer_after(server, "PROXY UNKNOWN\r\n");
        CHECK(unknown.starts_with("127.0.0.1:"));
        CHECK(unknown.ends_with(" other"));
    }

    TEST_CASE("X-Forwarded-For is believed when the client that the header names is trusted") {
        const std::string request =
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: "
            "203.0.113.9\r\n\r\n";
        TestServer outer(client_handler(), with_proxies({"127.0.0.1", "192.0.2.1"}));
        CHECK(answer_after(outer, v1, request) == "203.0.113.9:0 trusted");
        TestServer alone(client_handler(), with_proxies({"127.0.0.1"}));
        CHECK(answer_after(alone, v1, request) == "192.0.2.1:56324 other");
    }

    TEST_CASE("A header that comes in pieces is waited for") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        for (const std::string& header : {v1, v2_tcp4}) {
            for (const std::size_t cut : {std::size_t{1}, std::size_t{12}, header.size() - 1}) {
                CAPTURE(cut);
                RawClient proxy = RawClient::plain(server.port());
                proxy.send(header.substr(0, cut));
                server.settle();
                CHECK_FALSE(proxy.something_there());
                proxy.send(header.substr(cut) + get);
                // What follows is plain: where TLS is spoken it gets a 400 in plain text.
                CHECK(proxy.receive(13) == (over_tls() ? "HTTP/1.1 400 " : "HTTP/1.1 200 "));
            }
        }
    }

    TEST_CASE("A trusted proxy without a good header is closed, with one line a minute") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        const std::string huge = signature + "\x21\x11\xff\xff"s;
        for (const std::string& bad : {get, "PROXY TCP4 what\r\n"s, huge, "\x16\x03\x01"s}) {
            CAPTURE(bad);
            RawClient proxy = RawClient::plain(server.port());
            proxy.send(bad);
            CHECK(proxy.ends());
        }
        const std::string log = server.error_log();
        CHECK(log.find("warning: A connection of the trusted proxy 127.0.0.1:") !=
              std::string::npos);
        CHECK(log.find("its PROXY header is bad: there is none\n") != std::string::npos);
        CHECK(log.find('\n') + 1 == log.size());
    }

    TEST_CASE("A header has the time of a head, however it trickles in") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        RawClient proxy = RawClient::plain(server.port());
        for (const char c : v1.substr(0, 9)) {
            proxy.send(std::string(1, c));
            server.advance(1s);
            CHECK_FALSE(proxy.something_there());
        }
        server.advance(2s);
        CHECK(proxy.ends());
        CHECK(server.error_log().find("it did not come in time\n") != std::string::npos);
    }

    TEST_CASE("From anybody else a header is garbage, and none is expected") {
        TestServer server(client_handler(), with_proxies({"10.0.0.0/8"}));
        CHECK(exchange(server.port(), get).ends_with(" other"));
        RawClient liar = server.raw_client();
        liar.send(v1 + get);
        CHECK(liar.receive_all().starts_with("HTTP/1.1 400 "));
    }

    TEST_CASE("A proxy that leaves or a server that stops ends the wait") {
        TestServer server(client_handler(), with_proxies({"127.0.0.1"}));
        RawClient::plain(server.port()).cut();
        RawClient proxy = RawClient::plain(server.port());
        proxy.send("PROXY");
        server.settle();
        server.begin_shutdown();
        CHECK(proxy.receive_all() == "");
    }
}
