// The handshake: its own deadline, what is refused, and that nobody waits for somebody else's.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

/// Whether this process may have so many descriptors; says SKIPPED if not.
bool may_open(rlim_t descriptors) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= descriptors) return true;
    limit.rlim_cur = descriptors;
    if (limit.rlim_max >= descriptors && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
    std::puts("SKIPPED: the limit of descriptors is too low");
    return false;
}

/// What a handshake with these wishes throws; "" if it is done and a request is answered.
std::string refusal(const TestServerBase& server, const TlsClientOptions& options) {
    try {
        RawClient client = tls_client(server, options);
        ask(client);
        return "";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

/// The first flight of a client.
std::string client_hello() {
    const auto ssl = make_client_tls({});
    SSL_do_handshake(ssl.get());
    std::array<char, 4096> bytes;
    const int size = BIO_read(SSL_get_wbio(ssl.get()), bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(size)};
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("tls handshake") {
    TEST_CASE("A thousand clients that connect and say nothing delay nobody, and are let go") {
        if (!may_open(2100)) return;
        TestServer server(echo_handler(), SpeaksTls());
        std::vector<RawClient> silent;
        for (int i = 0; i < 1000; ++i) silent.push_back(RawClient::plain(server.port()));
        RawClient client = tls_client(server);
        CHECK(has(ask(client), "200 OK"));
        server.advance(9900ms);
        for (RawClient& one : silent) REQUIRE_FALSE(one.something_there());
        RawClient other = tls_client(server);
        CHECK(has(ask(other), "200 OK"));
        server.advance(1100ms);
        for (RawClient& one : silent) REQUIRE(one.ends());
        CHECK(has(ask(client), "200 OK"));
        CHECK(has(ask(other), "200 OK"));
        CHECK(server.access_log().find(" 408 ") == std::string::npos);
    }

    TEST_CASE("A handshake that trickles in gets no more time") {
        TestServer server(echo_handler(), SpeaksTls());
        const std::string hello = client_hello();
        RawClient client = RawClient::plain(server.port());
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK_FALSE(client.something_there());
            client.send(hello.substr(i, 1));
            server.advance(4s);
        }
        CHECK(client.receive_all() == "");
    }

    TEST_CASE("A client that stops after its ClientHello is let go") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient client = RawClient::plain(server.port());
        client.send(client_hello());
        CHECK(client.receive(1) == "\x16");
        server.advance(11s);
        client.receive_all();
    }

    TEST_CASE("A handshake that was too slow for a request is not too slow for itself") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) {
            SpeaksTls()(s);
            s.settings.handshake_timeout = 60s;
            s.settings.header_timeout = 5s;
        });
        const std::string hello = client_hello();
        RawClient slow = RawClient::plain(server.port());
        slow.send(hello.substr(0, 10));
        server.advance(50s);
        CHECK_FALSE(slow.something_there());
        slow.send(hello.substr(10));
        CHECK(slow.receive(1) == "\x16");
        RawClient quiet = tls_client(server);
        server.advance(6s);  // from the end of the handshake on, the time for a head counts
        CHECK(quiet.ends());
        CHECK(quiet.ended_cleanly());
    }

    TEST_CASE("A ClientHello byte by byte is a ClientHello") {
        TestServer server(tls_info_handler(), SpeaksTls());
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            RawClient client = tls_client(server, {.max_version = version, .byte_by_byte = true});
            CHECK(has(ask(client), "\r\n\r\nTLSv1."));
        }
    }

    TEST_CASE("A client that leaves anywhere within its ClientHello leaves nothing behind") {
        TestServer server(echo_handler(), SpeaksTls());
        const std::string hello = client_hello();
        for (std::size_t size = 1; size <= hello.size(); size += size < 60 ? 1 : 37) {
            CAPTURE(size);
            RawClient ends = RawClient::plain(server.port()),
                      cuts = RawClient::plain(server.port());
            ends.send(hello.substr(0, size));
            ends.half_close();
            ends.receive_all();
            cuts.send(hello.substr(0, size));
            cuts.cut();
        }
        RawClient client = tls_client(server);
        CHECK(has(ask(client), "200 OK"));
        CHECK(server.access_log().find('\n') == server.access_log().rfind('\n'));
    }

    TEST_CASE("Plain HTTP on a TLS port gets 400 and is told why, and the rest is not read") {
        TestServer server(echo_handler(), SpeaksTls());
        for (const std::string& request :
             {"GET / HTTP/1.1\r\nHost: h\r\n\r\n"s, "GET / HTTP/1.0\r\n\r\n"s,
              "\r\nPUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"s}) {
            CAPTURE(request);
            RawClient client = RawClient::plain(server.port());
            client.send(request + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
            const std::string all = client.receive_all();
            CHECK(all.starts_with("HTTP/1.1 400 "));
            CHECK(has(all, "\r\nConnection: close\r\n"));
            CHECK(has(all, "HTTPS"));
            CHECK(has(all, "https://"));
            CHECK_FALSE(has(all, "/next"));
            CHECK_FALSE(client.was_reset());
        }
        CHECK(has(server.access_log(), "\"GET / HTTP/1.1\" 400 "));
    }

    TEST_CASE("Plain HTTP that comes slowly has the time of a head") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient client = RawClient::plain(server.port());
        client.send("GET / HT");
        server.advance(11s);
        CHECK(has(client.receive_all(), "HTTP/1.1 408 "));
    }

    TEST_CASE("Garbage ends the connection and nothing else") {
        TestServer server(echo_handler(), SpeaksTls());
        for (const std::string& text :
             {"\x80\x2e\x01\x00\x02"s, "\x00\x00\x00\x00\x00"s, "\xff\xff\xff\xff\xff\xff\xff\xff"s,
              "\x16\x03\x01\xff\xff"s + std::string(70'000, 'x'), "\x16\x03\x01\x00\x05hello"s,
              "\x15\x03\x01\x00\x02\x02\x28"s,
              "\x17\x03\x03\x00\x03"
              "abc"s,
              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s, "123456\r\n\r\n"s}) {
            CAPTURE(text.substr(0, 10));
            RawClient client = RawClient::plain(server.port());
            client.send(text);
            client.half_close();  // some of these could be the beginning of a handshake
            CHECK_FALSE(has(client.receive_all(), " 200 "));
        }
        RawClient client = tls_client(server);
        CHECK(has(ask(client), "200 OK"));
    }

    TEST_CASE("TLS 1.2 and 1.3 are spoken, older ones refused") {
        TestServer server(tls_info_handler(), SpeaksTls());
        for (const auto& [version, name] :
             {std::pair(TLS1_2_VERSION, "TLSv1.2"), {TLS1_3_VERSION, "TLSv1.3"}}) {
            RawClient client = tls_client(server, {.min_version = version, .max_version = version});
            CHECK(has(ask(client), "\r\n\r\n"s + name + "|"));
        }
        for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
            CAPTURE(version);
            const TlsClientOptions old{.min_version = version, .max_version = version};
            CHECK(has(refusal(server, old), "alert protocol version"));
        }
    }

    TEST_CASE("min_version 1.3 refuses TLS 1.2") {
        TlsSettings settings = tls_settings();
        settings.min_version = "1.3";
        TestServer server(tls_info_handler(), SpeaksTls(settings));
        CHECK(refusal(server, {}) == "");
        CHECK(has(refusal(server, {.max_version = TLS1_2_VERSION}), "alert protocol version"));
    }

    TEST_CASE("Ciphers without authenticated encryption or forward secrecy are refused") {
        const TlsFiles rsa = TestCa::shared().issue("rsa-ciphers", {.rsa = true});
        TestServer server(echo_handler(), SpeaksTls(tls_settings(rsa)));
        for (const char* cipher : {"AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA",
                                   "DHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "AES256-SHA"}) {
            CAPTURE(cipher);
            CHECK(has(refusal(server, {.max_version = TLS1_2_VERSION, .ciphers = cipher}),
                      "alert handshake failure"));
        }
        CHECK(refusal(server, {.max_version = TLS1_2_VERSION,
                               .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}) == "");
    }

    TEST_CASE("Renegotiation is refused") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient client = tls_client(server, {.max_version = TLS1_2_VERSION});
        CHECK(has(ask(client), "200 OK"));
        REQUIRE(SSL_renegotiate(client.stream().ssl()) == 1);
        SSL_do_handshake(client.stream().ssl());
        client.send("GET /");
        client.receive_all();  // no_renegotiation, which ends it on the client's side
        CHECK(has(client.stream().tls_error(), "no renegotiation"));
    }

    TEST_CASE("Handshakes under way at shutdown are ended at once") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient silent = RawClient::plain(server.port()), half = RawClient::plain(server.port());
        half.send(client_hello());
        CHECK(half.receive(1) == "\x16");
        server.settle();
        server.begin_shutdown();
        CHECK(silent.ends());
        half.receive_all();
    }
}
