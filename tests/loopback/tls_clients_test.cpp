// Certificates of clients, and requests for a host that the connection was not opened for.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <ostream>
#include <string>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;

namespace {

TlsSettings asking(ClientCertificates client) {
    TlsSettings settings = tls_settings();
    settings.client = client;
    settings.client_ca = TestCa::shared().file();
    return settings;
}

const TlsFiles& good_client() {
    static const TlsFiles files = TestCa::shared().issue(
        "client", {.subject = "Alice, \"the\" client", .names = {"email:alice@example.org"}});
    return files;
}

/// Of an authority that nobody knows.
const TlsFiles& stranger() {
    static const TestCa other("unknown CA");
    static const TlsFiles files = other.issue("stranger", {.subject = "stranger"});
    return files;
}

/// What follows "resumed|" or "new|" in the handler's answer; an alert's text when there is none.
std::string client_seen(const TestServerBase& server, const TlsClientOptions& options) {
    try {
        RawClient client = tls_client(server, options);
        const std::string answer = ask(client);
        return answer.substr(answer.find("|new|") + 5);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

TEST_SUITE("tls clients") {
    TEST_CASE("A server that asks for no certificate sees none") {
        TestServer server(tls_info_handler(), SpeaksTls());
        for (const int version : versions)
            CHECK(client_seen(server, {.own = good_client(), .max_version = version}) ==
                  "unknown|||");
    }

    TEST_CASE("An optional certificate is seen when there is one, and must be good") {
        TestServer server(tls_info_handler(), SpeaksTls(asking(ClientCertificates::optional)));
        for (const int version : versions) {
            CAPTURE(version);
            CHECK(client_seen(server, {.max_version = version}) == "unknown|||");
            const std::string seen =
                client_seen(server, {.own = good_client(), .max_version = version});
            CHECK(seen.starts_with("verified|CN=Alice\\, \\\"the\\\" client|CN=basehttp test CA|"));
            CHECK(seen.substr(seen.rfind('|')).size() == 31);  // 120 bits, hexadecimal
            CHECK(has(client_seen(server, {.own = stranger(), .max_version = version}),
                      "alert unknown ca"));
        }
    }

    TEST_CASE("A required certificate is required: without it no request is served") {
        TestServer server(tls_info_handler(), SpeaksTls(asking(ClientCertificates::required)));
        for (const int version : versions) {
            CAPTURE(version);
            CHECK(client_seen(server, {.own = good_client(), .max_version = version})
                      .starts_with("verified|CN=Alice"));
            CHECK(has(client_seen(server, {.max_version = version}),
                      version == TLS1_2_VERSION ? "alert handshake failure"
                                                : "alert certificate required"));
            CHECK(has(client_seen(server, {.own = stranger(), .max_version = version}),
                      "alert unknown ca"));
        }
        CHECK(server.access_log().find("alice") == std::string::npos);
    }

    TEST_CASE("A client is told which authorities count") {
        TestServer server(tls_info_handler(), SpeaksTls(asking(ClientCertificates::optional)));
        RawClient client = tls_client(server);
        const auto* names = SSL_get0_peer_CA_list(client.stream().ssl());
        REQUIRE(sk_X509_NAME_num(names) == 1);
        char name[100] = "";
        X509_NAME_oneline(sk_X509_NAME_value(names, 0), name, sizeof name);
        CHECK(name == std::string("/CN=basehttp test CA"));
    }

    TEST_CASE("A connection serves other hosts unless they ask differently for certificates: 421") {
        const TlsFiles all = TestCa::shared().issue(
            "hosts",
            {.names = {"DNS:localhost", "DNS:open.test", "DNS:also.test", "DNS:closed.test"}});
        TlsSettings open = tls_settings(all), closed = asking(ClientCertificates::required);
        closed.certificates = open.certificates;
        auto sites = std::make_shared<TlsSites>(open);
        sites->add("open.test", open);
        sites->add("also.test", open);
        sites->add("closed.test", closed);
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        const struct {
            std::string opened, asked;
            int status;
        } rows[] = {
            {"open.test", "open.test", 200},
            {"open.test", "OPEN.test:443", 200},
            {"open.test", "also.test", 200},
            {"open.test", "unknown.test", 200},
            {"open.test", "127.0.0.1", 200},
            {"open.test", "closed.test", 421},
            {"open.test", "CLOSED.test.", 421},
            {"open.test", "closed.test:8443", 421},
            {"", "closed.test", 421},
            {"unknown", "closed.test", 421},
            {"closed.test", "closed.test", 200},
            {"closed.test", "open.test", 421},
            {"closed.test", "unknown.test", 421},
        };
        for (const auto& row : rows) {
            CAPTURE(row.opened);
            CAPTURE(row.asked);
            RawClient client =
                tls_client(server, {.server_name = row.opened, .ca = "", .own = good_client()});
            CHECK(has(ask(client, row.asked), "HTTP/1.1 " + std::to_string(row.status) + " "));
            client.stream().truncate();
            RawClient absolute =
                tls_client(server, {.server_name = row.opened, .ca = "", .own = good_client()});
            absolute.send(get_from("open.test", "https://" + row.asked + "/"));
            CHECK(has(absolute.receive_until("\r\n"), " " + std::to_string(row.status) + " "));
        }
    }

    TEST_CASE(
        "No way round the default site's question for a certificate leads over another site") {
        auto sites = std::make_shared<TlsSites>(asking(ClientCertificates::required));
        sites->add("open.test", tls_settings());
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        for (const std::string asked : {"localhost", "unknown.test", "127.0.0.1"}) {
            CAPTURE(asked);
            RawClient client = tls_client(server, {.server_name = "open.test", .ca = ""});
            CHECK(has(ask(client, "open.test"), "HTTP/1.1 200 "));
            CHECK(has(ask(client, asked), "HTTP/1.1 421 "));
        }
    }

    TEST_CASE("A host that was refused with 421 may be asked for on a new connection") {
        auto sites = std::make_shared<TlsSites>(tls_settings());
        sites->add("closed.test", asking(ClientCertificates::required));
        TestServer server(tls_info_handler(), SpeaksTls(sites));
        RawClient wrong = tls_client(server);
        wrong.send(get_from("closed.test") + get_from("localhost"));
        const std::string all = wrong.receive_all();
        CHECK(all.starts_with("HTTP/1.1 421 "));
        CHECK(has(all, "\r\nConnection: close\r\n"));
        CHECK(all.find("HTTP/1.1 ", 1) == std::string::npos);
        RawClient right =
            tls_client(server, {.server_name = "closed.test", .ca = "", .own = good_client()});
        CHECK(has(ask(right, "closed.test"), "HTTP/1.1 200 "));
    }
}
