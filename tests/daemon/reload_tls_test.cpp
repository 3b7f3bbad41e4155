// SIGHUP and certificates: new handshakes see the new one, old connections go on, sessions resume
// where that is safe.
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

/// The serial number of the certificate that a client sees.
std::string serial_of(HttpClient& client) {
    X509* const certificate = SSL_get1_peer_certificate(client.stream().ssl());
    REQUIRE(certificate != nullptr);
    const std::string serial = std::to_string(X509_issuer_and_serial_hash(certificate));
    X509_free(certificate);
    return serial;
}

std::string with_tls(const TlsFiles& files, std::string_view more = {}) {
    return usual_settings + tls_ini(more, files);
}

bool resumed(HttpClient& client) { return SSL_session_reused(client.stream().ssl()) == 1; }

}  // namespace

TEST_SUITE("daemon reload tls") {
    TEST_CASE("New handshakes see a renewed certificate, and old connections go on") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles first = ca.issue("reload-first"), second = ca.issue("reload-second");
        const TempDir live;  // where the certificate is renewed, as ACME clients do
        const TlsFiles both{live / "cert.pem", live / "key.pem"};
        const auto renew = [&](const TlsFiles& from) {
            const auto options = std::filesystem::copy_options::overwrite_existing;
            std::filesystem::copy_file(from.certificate, both.certificate, options);
            std::filesystem::copy_file(from.key, both.key, options);
        };
        renew(first);
        LiveServer server(with_tls(both));
        HttpClient old(server.endpoint(), TlsClientOptions{});
        CHECK(old.get("/").status == 200);
        renew(second);
        CHECK(has(server.reload(), "info: Reloaded: "));
        HttpClient fresh(server.endpoint(), TlsClientOptions{});
        CHECK(fresh.get("/").status == 200);
        CHECK(serial_of(fresh) != serial_of(old));
        CHECK(old.get("/").status == 200);

        // The key of another certificate: nothing changes.
        std::filesystem::copy_file(first.key, both.key,
                                   std::filesystem::copy_options::overwrite_existing);
        server.expect("Not reloaded, the old settings stay: " + server.settings_file() + ":13: ");
        CHECK(has(server.reload(), both.key));
        HttpClient third(server.endpoint(), TlsClientOptions{});
        CHECK(third.get("/").status == 200);
        CHECK(serial_of(third) == serial_of(fresh));
    }

    TEST_CASE("Sessions resume across a reload, unless clients are asked for certificates") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles other = ca.issue("reload-sessions");
        const std::string asks = "client = optional\nclient_ca = " + ca.file() + "\n";
        const struct {
            const char* what;
            std::string before, after;
            bool resumes;
            TlsFiles files = TestCa::shared().localhost();
        } rows[] = {
            {"neither asks", "", "", true},
            {"the new one asks", "", asks, false},
            {"the old one asked", asks, "", false},
            {"both ask", asks, asks, false},
            {"tickets are off", "", "tickets = off\n", false},
            {"another certificate", "", "", false, other},
        };
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
            for (const auto& row : rows) {
                CAPTURE(version);
                CAPTURE(std::string(row.what));
                LiveServer server(with_tls(ca.localhost(), row.before));
                HttpClient old(server.endpoint(), TlsClientOptions{.max_version = version});
                CHECK(old.get("/").status == 200);
                const TlsSession session = old.stream().session();
                REQUIRE(session != nullptr);
                for (int i = 0; i < 2; ++i)
                    CHECK(has(server.reload(with_tls(row.files, row.after)), "info: Reloaded: "));
                HttpClient fresh(server.endpoint(), TlsClientOptions{.max_version = version,
                                                                     .session = session.get()});
                CHECK(fresh.get("/").status == 200);
                CHECK(resumed(fresh) == row.resumes);
            }
    }

    TEST_CASE("TLS is switched on and off, and moves to a port of its own") {
        const TlsFiles& files = TestCa::shared().localhost();
        LiveServer server(usual_settings);
        HttpClient plain(server.endpoint());
        CHECK(plain.get("/").status == 200);
        server.reload(with_tls(files));
        CHECK(HttpClient(server.endpoint(), TlsClientOptions{}).get("/").status == 200);
        CHECK(HttpClient(server.endpoint()).get("/").status == 400);
        CHECK(plain.get("/").status == 200);
        server.reload(with_tls(files, "port = 0\nredirect = on\n"));
        REQUIRE(server.announced().size() == 2);
        CHECK(server.announced()[0].port == server.endpoint().port);
        const Endpoint beside = server.announced()[1];
        CHECK(HttpClient(beside, TlsClientOptions{}).get("/").status == 200);
        CHECK(plain.get("/").get("Location") ==
              "https://localhost:" + std::to_string(beside.port) + "/");
        server.reload(with_tls(files, "port = 0\n"));
        CHECK(server.announced()[1].port == beside.port);
        server.reload(usual_settings);
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        CHECK_THROWS_AS(connect_to(beside), std::system_error);
    }

    TEST_CASE("A self-signed certificate stays the same, but for other names") {
        const std::string self_signed = usual_settings + "[tls]\nmode = self-signed\n";
        LiveServer server(self_signed);
        server.expect("self-signed");
        const TlsClientOptions anybody{.ca = ""};
        HttpClient first(server.endpoint(), anybody);
        server.reload(self_signed);
        HttpClient second(server.endpoint(), anybody);
        CHECK(serial_of(first) == serial_of(second));
        server.expect("self-signed");
        server.reload(self_signed + "[site new.test]\nroot = {work}/site\n");
        HttpClient third(server.endpoint(), anybody);
        CHECK(serial_of(third) != serial_of(second));
        for (HttpClient* client : {&first, &second, &third}) CHECK(client->get("/").status == 200);
    }
}
