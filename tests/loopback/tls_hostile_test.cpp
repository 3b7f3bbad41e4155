// What a hostile client tried on TLS: to keep the loop for itself, and to get past a certificate.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <latch>
#include <ostream>
#include <string>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;

namespace {

/// So many key updates (RFC 8446 section 4.6.3), encrypted.
std::string key_updates(ssl_st* ssl, int count) {
    std::string bytes;
    std::array<char, 4096> part;
    for (int i = 0; i < count; ++i) {
        REQUIRE(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
        REQUIRE(SSL_do_handshake(ssl) == 1);
        const int size = BIO_read(SSL_get_wbio(ssl), part.data(), part.size());
        bytes.append(part.data(), static_cast<std::size_t>(size));
    }
    return bytes;
}

}  // namespace

TEST_SUITE("tls hostile") {
    TEST_CASE("A flood of key updates ends its connection, not the others' time") {
        std::latch begun(1), go_on(1);
        TestServer<HTTPServer> server(function_handler([&](FunctionHandler& h) {
                                          if (h.path == "/wait") {
                                              begun.count_down();
                                              go_on.wait();
                                          }
                                          h.answer("here");
                                      }),
                                      SpeaksTls());
        RawClient flooding = tls_client(server, {.min_version = TLS1_3_VERSION});
        ask(flooding);
        RawClient other = tls_client(server);
        const std::string flood = key_updates(flooding.stream().ssl(), 4000);
        REQUIRE(flood.size() > 100'000);
        other.send(get_from("h", "/wait"));
        begun.wait();  // the loop is in the handler: the flood comes together
        const auto sent =
            ::send(flooding.stream().fd(), flood.data(), flood.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        REQUIRE(sent > 60'000);
        go_on.count_down();
        other.receive_until("here");
        flooding.receive_all();
        CHECK_FALSE(flooding.ended_cleanly());
        CHECK(ask(other).ends_with("here"));
    }

    TEST_CASE("A few key updates among requests are nothing special") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient client = tls_client(server, {.min_version = TLS1_3_VERSION});
        for (int i = 0; i < 20; ++i) {
            const std::string updates = key_updates(client.stream().ssl(), 10);
            REQUIRE(::send(client.stream().fd(), updates.data(), updates.size(), MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(updates.size()));
            client.send(get_from("h"));
            client.receive_until("GET / []");
        }
    }

    TEST_CASE("Only the default site asks for a certificate: no other name leads to it") {
        TlsSettings closed = tls_settings();
        closed.client = ClientCertificates::required;
        closed.client_ca = TestCa::shared().file();
        const auto sites = std::make_shared<TlsSites>(closed);
        sites->add("open.test", tls_settings());
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        RawClient client = tls_client(server, {.server_name = "open.test", .ca = ""});
        CHECK(ask(client, "open.test").find("200 OK") != std::string::npos);
        client.send(get_from("localhost"));
        CHECK(client.receive_all().starts_with("HTTP/1.1 421 "));
    }

    TEST_CASE("A site's least version counts for its name") {
        TlsSettings strict = tls_settings();
        strict.min_version = "1.3";
        const auto sites = std::make_shared<TlsSites>(tls_settings());
        sites->add("strict.test", strict);
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        TlsClientOptions old{.server_name = "strict.test", .ca = ""};
        old.max_version = TLS1_2_VERSION;
        CHECK_THROWS_WITH(tls_client(server, old), "TLS handshake: tlsv1 alert protocol version");
        RawClient modern = tls_client(server, {.server_name = "strict.test", .ca = ""});
        CHECK(ask(modern, "strict.test").find("TLSv1.3|") != std::string::npos);
        RawClient other = tls_client(server, {.max_version = TLS1_2_VERSION});
        CHECK(ask(other).find("TLSv1.2|") != std::string::npos);
    }

    TEST_CASE("A site's least version may be below that of the default site") {
        TlsSettings strict = tls_settings();
        strict.min_version = "1.3";
        const auto sites = std::make_shared<TlsSites>(strict);
        sites->add("lax.test", tls_settings());
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        TlsClientOptions old{.server_name = "lax.test", .ca = ""};
        old.max_version = TLS1_2_VERSION;
        RawClient client = tls_client(server, old);
        CHECK(ask(client, "lax.test").find("TLSv1.2|") != std::string::npos);
        CHECK_THROWS_WITH(tls_client(server, {.max_version = TLS1_2_VERSION}),
                          "TLS handshake: tlsv1 alert protocol version");
    }
}
