// Which certificate a client sees, what it must show itself, and who may ask for which host.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <map>
#include <ostream>
#include <string>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

const TestCa& ca() { return TestCa::shared(); }

/// A certificate for one name, made once.
TlsFiles files_of(const std::string& name, bool rsa = false) {
    static std::map<std::string, TlsFiles> made;
    auto& files = made[name];
    if (files.key.empty())
        files = ca().issue(name, {.subject = name, .names = {"DNS:" + name}, .rsa = rsa});
    return files;
}

/// Localhost, and a site for each name with these settings.
SpeaksTls sites(const std::map<std::string, TlsSettings>& named) {
    auto made = std::make_shared<TlsSites>(tls_settings());
    for (const auto& [name, settings] : named) made->add(name, settings);
    return SpeaksTls(made);
}

/// The common name of the certificate that the server shows.
std::string shown_name(RawClient& client) {
    X509* const certificate = SSL_get0_peer_certificate(client.stream().ssl());
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    return name;
}

std::string shown_name(const TestServerBase& server, const TlsClientOptions& options) {
    RawClient client = tls_client(server, options);
    return shown_name(client);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("tls sites") {
    TEST_CASE("The name that a client asks for picks the certificate") {
        TestServer server(tls_info_handler(),
                          sites({{"one.test", tls_settings(files_of("one.test"))},
                                 {"two.test", tls_settings(files_of("two.test"))}}));
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            for (const std::string name : {"one.test", "two.test", "localhost"}) {
                RawClient client =
                    tls_client(server, {.server_name = name, .max_version = version});
                CHECK(shown_name(client) == name);
                CHECK(has(ask(client, name), "|" + name + "|"));
            }
            CHECK(shown_name(server, {.server_name = "ONE.Test", .max_version = version}) ==
                  "one.test");
        }
    }

    TEST_CASE("A client that names no host, or an unknown one, gets the default certificate") {
        TestServer server(tls_info_handler(),
                          sites({{"one.test", tls_settings(files_of("one.test"))}}));
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            CHECK(shown_name(server, {.server_name = "", .max_version = version}) == "localhost");
            CHECK(shown_name(server,
                             {.server_name = "unknown.test", .ca = "", .max_version = version}) ==
                  "localhost");
        }
    }

    TEST_CASE("A name may stand for a site of another name") {
        auto made = std::make_shared<TlsSites>(tls_settings());
        made->add("one.test", tls_settings(files_of("one.test")));
        made->add_alias("www.one.test", "one.test");
        TestServer server(tls_info_handler(), SpeaksTls(made));
        CHECK(shown_name(server, {.server_name = "www.one.test", .ca = ""}) == "one.test");
    }

    TEST_CASE("Of several certificates a client gets the one that it can verify") {
        const TlsFiles rsa = files_of("rsa.test", true), ecdsa = files_of("ecdsa.test");
        TlsSettings both = tls_settings(rsa);
        both.certificates.push_back({ecdsa.certificate, ecdsa.key, ""});
        TestServer server(tls_info_handler(), SpeaksTls(both));
        const struct {
            int version;
            std::string ciphers, algorithms, name;
        } rows[] = {
            {TLS1_2_VERSION, "aRSA", "", "rsa.test"},
            {TLS1_2_VERSION, "aECDSA", "", "ecdsa.test"},
            {TLS1_2_VERSION, "", "RSA-PSS+SHA256:RSA+SHA256", "rsa.test"},
            {TLS1_2_VERSION, "", "ECDSA+SHA256", "ecdsa.test"},
            {TLS1_3_VERSION, "", "RSA-PSS+SHA256", "rsa.test"},
            {TLS1_3_VERSION, "", "ECDSA+SHA256", "ecdsa.test"},
            {TLS1_3_VERSION, "", "", "ecdsa.test"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.version);
            CAPTURE(row.ciphers);
            CAPTURE(row.algorithms);
            // The authority's own signature is of neither type that is asked for.
            CHECK(shown_name(server, {.server_name = "",
                                      .ca = "",
                                      .min_version = row.version,
                                      .max_version = row.version,
                                      .ciphers = row.ciphers,
                                      .algorithms = row.algorithms}) == row.name);
        }
    }

    TEST_CASE("A key with a password is opened with it, and not without") {
        const TlsFiles files = ca().issue("locked", {.password = "open sesame"});
        TlsSettings settings = tls_settings(files);
        CHECK_THROWS_AS(TlsSites{settings}, TlsError);
        settings.certificates[0].password = "open barley";
        CHECK_THROWS_AS(TlsSites{settings}, TlsError);
        settings.certificates[0].password = "open sesame";
        TestServer server(tls_info_handler(), SpeaksTls(settings));
        CHECK(shown_name(server, {}) == "localhost");
    }

    TEST_CASE("What cannot be used is told by its name") {
        const TlsFiles good = ca().localhost(), other = files_of("other.test");
        const std::string garbage = ca().directory().write("garbage.pem", "not a PEM file\n");
        const std::string missing = ca().directory() / "missing.pem";
        const struct {
            TlsCertificate files;
            std::string client_ca, named;
        } rows[] = {
            {{missing, good.key, ""}, "", missing},
            {{garbage, good.key, ""}, "", garbage},
            {{good.certificate, missing, ""}, "", missing},
            {{good.certificate, garbage, ""}, "", garbage},
            {{good.certificate, "", ""}, "", good.certificate},
            {{good.certificate, other.key, ""}, "", other.key},
            {{good.certificate, good.key, ""}, missing, missing},
            {{good.certificate, good.key, ""}, garbage, garbage},
        };
        for (const auto& row : rows) {
            CAPTURE(row.named);
            TlsSettings settings;
            settings.certificates = {row.files};
            settings.client_ca = row.client_ca;
            if (!row.client_ca.empty()) settings.client = ClientCertificates::required;
            std::string said;
            try {
                const TlsSites made(settings);
            } catch (const TlsError& error) {
                said = error.what();
            }
            CHECK(has(said, row.named));
            CHECK_FALSE(has(said, "\n"));
        }
        CHECK_THROWS_AS(TlsSites{TlsSettings{}}, TlsError);
    }

    TEST_CASE("A self-signed certificate is for localhost and the names that were given") {
        TlsSettings settings;
        settings.self_signed = true;
        settings.names = {"dev.test"};
        TestServer server(tls_info_handler(), SpeaksTls(settings));
        RawClient client = tls_client(server, {.server_name = "dev.test", .ca = ""});
        CHECK(has(ask(client, "dev.test"), "200 OK"));
        X509* const certificate = SSL_get0_peer_certificate(client.stream().ssl());
        for (const char* name : {"dev.test", "localhost"})
            CHECK(X509_check_host(certificate, name, 0, 0, nullptr) == 1);
        for (const char* address : {"127.0.0.1", "::1"})
            CHECK(X509_check_ip_asc(certificate, address, 0) == 1);
        CHECK(X509_check_host(certificate, "other.test", 0, 0, nullptr) != 1);
    }

    TEST_CASE("Strict-Transport-Security is the site's, on every answer over TLS and only there") {
        TlsSettings year = tls_settings(files_of("one.test"));
        year.hsts = 31'536'000s;
        TestServer server(tls_info_handler(), sites({{"one.test", year}}));
        const std::string field = "\r\nStrict-Transport-Security: max-age=31536000\r\n";
        RawClient one = tls_client(server, {.server_name = "one.test"});
        for (int i = 0; i < 2; ++i) CHECK(has(ask(one, "one.test"), field));
        one.send("BAD\r\n\r\n");
        CHECK(has(one.receive_all(), field));
        RawClient localhost = tls_client(server);
        CHECK_FALSE(has(ask(localhost), "Strict-Transport"));
        RawClient plain = RawClient::plain(server.port());
        plain.send("GET / HTTP/1.1\r\nHost: one.test\r\n\r\n");
        CHECK_FALSE(has(plain.receive_all(), "Strict-Transport"));
    }
}
