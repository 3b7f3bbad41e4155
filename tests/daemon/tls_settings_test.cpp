// What [tls] and --tls say: ports, redirects, HSTS, self-signed certificates, and what is refused.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

struct Site {
    TempDir files;
    Site() {
        files.write("index.html", "<p>home\n");
        files.write("sub/index.html", "<p>sub\n");
    }
};

/// A daemon with a plain port and one for TLS, both free ones.
struct TwoPorts {
    explicit TwoPorts(const std::string& root, std::string_view tls = {})
        : daemon({.root = root,
                  .ini = "[server]\nbind = 127.0.0.1\nport = 0\n" +
                         tls_ini("port = 0\n" + std::string(tls)),
                  .activation = false}) {
        find_ports(daemon, http, https);
    }
    Daemon daemon;
    Endpoint http, https;
};

}  // namespace

TEST_SUITE("daemon tls settings") {
    TEST_CASE_FIXTURE(Site, "A plain port and a TLS port serve side by side") {
        const TwoPorts two(files.str());
        REQUIRE(two.http.port != 0);
        REQUIRE(two.https.port != 0);
        CHECK(HttpClient(two.http).get("/").body == "<p>home\n");
        CHECK(HttpClient(two.https, TlsClientOptions{}).get("/").body == "<p>home\n");
        CHECK(HttpClient(two.https).get("/").status == 400);
    }

    TEST_CASE_FIXTURE(Site, "redirect sends plain requests to the same place over TLS") {
        const TwoPorts two(files.str(), "redirect = on\n");
        const std::string port = std::to_string(two.https.port);
        const struct {
            std::string target, host, location;
        } rows[] = {
            {"/", "localhost", "https://localhost:" + port + "/"},
            {"/sub?a=b&c", "localhost:8080", "https://localhost:" + port + "/sub?a=b&c"},
            {"/%41//x", "127.0.0.1", "https://127.0.0.1:" + port + "/%41//x"},
            {"/", "[::1]:80", "https://[::1]:" + port + "/"},
        };
        HttpClient client(two.http);
        for (const auto& row : rows) {
            CAPTURE(row.target);
            const Reply reply = client.get(row.target, {{"Host", row.host}});
            CHECK((reply.status == 301 || reply.status == 308));
            CHECK(reply.get("Location") == row.location);
        }
        const Run followed = curl("-L http://localhost:" + std::to_string(two.http.port) + "/sub");
        CHECK(followed.out == "<p>sub\n");
    }

    TEST_CASE_FIXTURE(Site, "A redirected POST stays a POST") {
        const TwoPorts two(files.str(), "redirect = on\n");
        CHECK(HttpClient(two.http).request("POST", "/").status == 308);
    }

    TEST_CASE_FIXTURE(Site,
                      "hsts is told over TLS, on files, errors and redirects, and only there") {
        const TwoPorts two(files.str(), "hsts = 1h\n");
        HttpClient tls(two.https, TlsClientOptions{});
        HttpClient plain(two.http);
        for (const std::string target : {"/", "/", "/sub", "/missing"}) {
            CAPTURE(target);
            CHECK(tls.get(target).get("Strict-Transport-Security") == "max-age=3600");
            CHECK_FALSE(plain.get(target).has("Strict-Transport-Security"));
        }
    }

    TEST_CASE_FIXTURE(Site, "Links within the site stay on TLS") {
        const Daemon daemon({.root = files.str(), .ini = tls_ini()});
        HttpClient client(daemon.endpoint(), TlsClientOptions{});
        const std::string location = client.get("/sub").get("Location");
        CHECK_FALSE(location.starts_with("http:"));
        CHECK(curl("-L " + https_url(daemon.endpoint()) + "/sub").out == "<p>sub\n");
    }

    TEST_CASE_FIXTURE(Site, "--tls self-signed serves, and the log names the certificate") {
        if (!has_all({"curl", "openssl"})) return;
        const Daemon daemon({.root = files.str(),
                             .arguments = {"--tls", "self-signed"},
                             .expected_log = {"self-signed"}});
        const std::string url = https_url(daemon.endpoint());
        CHECK(curl("-k " + url + "/").out == "<p>home\n");
        const Run shown = run_script(
            "openssl s_client -connect 127.0.0.1:" + std::to_string(daemon.endpoint().port) +
            " </dev/null 2>/dev/null | openssl x509 -noout -fingerprint "
            "-sha256");
        const std::size_t at = shown.out.find('=');
        REQUIRE(at != std::string::npos);
        CHECK(has(daemon.error_log(), shown.out.substr(at + 1, 95)));
    }

    TEST_CASE_FIXTURE(Site, "The command line takes a certificate as Python's does") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles locked = ca.issue("daemon-locked", {.password = "open sesame"});
        const std::string password = ca.directory().write("password", "open sesame\n");
        const Daemon daemon({.root = files.str(),
                             .arguments = {"--tls-cert", locked.certificate, "--tls-key",
                                           locked.key, "--tls-password-file", password}});
        CHECK(HttpClient(daemon.endpoint(), TlsClientOptions{}).get("/").status == 200);
    }

    TEST_CASE_FIXTURE(Site, "Files that cannot be used end the start: one sentence and status 2") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles good = ca.localhost();
        const TlsFiles other = ca.issue("daemon-wrong"),
                       locked = ca.issue("daemon-closed", {.password = "secret"});
        const std::string garbage = ca.directory().write("daemon-garbage.pem", "-----BEGIN\n");
        const std::string missing = ca.directory() / "daemon-missing.pem";
        const struct {
            std::vector<std::string> arguments;
            std::string named;
        } rows[] = {
            {{"--tls-cert", missing}, missing},
            {{"--tls-cert", garbage}, garbage},
            {{"--tls-cert", good.certificate}, good.certificate},
            {{"--tls-cert", good.certificate, "--tls-key", missing}, missing},
            {{"--tls-cert", good.certificate, "--tls-key", garbage}, garbage},
            {{"--tls-cert", good.certificate, "--tls-key", other.key}, other.key},
            {{"--tls-cert", locked.certificate, "--tls-key", locked.key}, locked.key},
            {{"--tls-cert", good.certificate, "--tls-key", good.key, "--tls-client", "required",
              "--tls-client-ca", missing},
             missing},
            {{"--tls-cert", good.certificate, "--tls-key", good.key, "--tls-ciphers", "NONSENSE"},
             "NONSENSE"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.named);
            std::vector<std::string> arguments{"--root", files.str(), "--port", "0"};
            arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
            const Output output = run_daemon(arguments);
            CHECK(output.exit_status == 2);
            CHECK(has(output.err, row.named));
            CHECK(lines_of(output.err).size() == 1);
            CHECK(output.out == "");
        }
    }

    TEST_CASE_FIXTURE(Site, "A key that everybody may read is named in the log") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles open = ca.issue("daemon-open");
        std::filesystem::permissions(open.key, std::filesystem::perms::others_read,
                                     std::filesystem::perm_options::add);
        const Daemon daemon(
            {.root = files.str(), .ini = tls_ini("", open), .expected_log = {open.key}});
        CHECK(HttpClient(daemon.endpoint(), TlsClientOptions{}).get("/").status == 200);
    }

    TEST_CASE_FIXTURE(Site, "A certificate that clients will refuse for its dates is in the log") {
        const TestCa& ca = TestCa::shared();
        const TlsFiles expired = ca.issue("daemon-expired", {.from = -2, .to = -1});
        const TlsFiles early = ca.issue("daemon-early", {.from = 1, .to = 2});
        const Daemon daemon(
            {.root = files.str(),
             .ini = tls_ini("", expired) + "[site early.test]\n[tls early.test]\ncertificate = " +
                    early.certificate + "\nkey = " + early.key + "\n",
             .expected_log = {"The certificate has expired: clients will refuse it",
                              "The certificate of early.test is not valid yet: clients will"}});
        CHECK(HttpClient(daemon.endpoint(), {.ca = ""}).get("/").status == 200);
    }

    TEST_CASE_FIXTURE(Site, "Sockets of the service manager, none for TLS, end the start") {
        const TlsFiles& own = TestCa::shared().localhost();
        const struct {
            std::string port, advice;
        } rows[] = {
            {"8443", "name one https (FileDescriptorName=https) or give it port 8443"},
            {"0", "name one https (FileDescriptorName=https)"},  // no socket has it
        };
        for (const auto& row : rows) {
            CAPTURE(row.port);
            const auto [socket, endpoint] = listening_socket();
            const Output output = run_daemon({"--root", files.str(), "--tls-cert", own.certificate,
                                              "--tls-key", own.key, "--tls-port", row.port},
                                             socket.get());
            CHECK(output.exit_status == 2);
            CHECK(output.out == "");
            CHECK(output.err == "basehttpd: none of the service manager's sockets speaks TLS; " +
                                    row.advice + "\n");
        }
    }

    TEST_CASE_FIXTURE(Site, "Silent clients of the TLS port are gone after the handshake's time") {
        const Daemon daemon(
            {.root = files.str(), .ini = "[timeouts]\nhandshake = 100ms\n" + tls_ini()});
        std::vector<Fd> silent;
        for (int i = 0; i < 50; ++i) silent.push_back(connect_to(daemon.endpoint()));
        CHECK(HttpClient(daemon.endpoint(), TlsClientOptions{}).get("/").status == 200);
        for (Fd& socket : silent) {
            std::string nothing;
            CHECK_FALSE(ClientStream(std::move(socket)).receive(nothing));
        }
    }
}
