// TLS as other people's clients speak it: curl and openssl s_client.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

struct Site {
    TempDir files;
    Site() { files.write("index.html", "<p>over TLS\n"); }
};

}  // namespace

TEST_SUITE("daemon tls clients") {
    TEST_CASE_FIXTURE(Site, "curl verifies the certificate, and gets a page over HTTPS") {
        if (!has_all({"curl"})) return;
        const Daemon daemon({.root = files.str(), .ini = tls_ini()});
        const Run page = curl(https_url(daemon.endpoint()) + "/");
        CHECK(page.out == "<p>over TLS\n");
        const Run twice = curl("-v -o /dev/null -o /dev/null " + https_url(daemon.endpoint()) +
                               "/ " + https_url(daemon.endpoint()) + "/index.html");
        CHECK(has(twice.out, "ALPN: server accepted http/1.1"));
        CHECK(has(twice.out, "Re-using existing connection"));
        const Run unknown = run_script("curl -sS --noproxy '*' " + https_url(daemon.endpoint()));
        CHECK(unknown.status == 60);  // not trusted
    }

    TEST_CASE_FIXTURE(Site, "curl resumes its session on a new connection") {
        if (!has_all({"curl"})) return;
        const Daemon daemon({.root = files.str(), .ini = tls_ini()});
        const std::string url = https_url(daemon.endpoint()) + "/";
        for (const std::string version : {"--tls-max 1.2", "--tlsv1.3"}) {
            CAPTURE(version);
            const Run run = curl("-v -H 'Connection: close' " + version + " -o /dev/null " + url +
                                 " -o /dev/null " + url);
            CHECK(run.status == 0);
            CHECK((has(run.out, "SSL re-using session ID") || has(run.out, "SSL reusing session")));
            CHECK_FALSE(has(run.out, "Re-using existing connection"));
        }
    }

    TEST_CASE("curl shows its certificate, and a script knows whose it is") {
        if (!has_all({"curl"})) return;
        const CgiSite site;
        site.script("who",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                    "printf '%s|%s|%s|%s|%s|%s\\n' \"$HTTPS\" \"$SERVER_PORT\" \"$SSL_PROTOCOL\" "
                    "\"$SSL_SESSION_RESUMED\" \"$SSL_CLIENT_VERIFY\" \"$SSL_CLIENT_S_DN\"\n");
        const TestCa& ca = TestCa::shared();
        const TlsFiles own = ca.issue("alice", {.subject = "Alice"});
        const Daemon daemon(
            {.root = site.root(),
             .ini = cgi_ini() + tls_ini("client = optional\nclient_ca = " + ca.file() + "\n")});
        const std::string url = https_url(daemon.endpoint()) + "/cgi-bin/who";
        const std::string port = std::to_string(daemon.endpoint().port);
        CHECK(curl("--tlsv1.3 " + url).out == "on|" + port + "|TLSv1.3|Initial|NONE|\n");
        const std::string with_own = "--cert " + own.certificate + " --key " + own.key + " ";
        CHECK(curl("--tls-max 1.2 " + with_own + url).out ==
              "on|" + port + "|TLSv1.2|Initial|SUCCESS|CN=Alice\n");
        CHECK(curl("-H 'Connection: close' " + with_own + "-o /dev/null " + url + " " + url).out ==
              "on|" + port + "|TLSv1.3|Resumed|SUCCESS|CN=Alice\n");
    }

    TEST_CASE_FIXTURE(Site, "curl without the certificate that is required gets nothing") {
        if (!has_all({"curl"})) return;
        const TestCa& ca = TestCa::shared();
        const Daemon daemon({.root = files.str(),
                             .ini = tls_ini("client = required\nclient_ca = " + ca.file() + "\n")});
        for (const std::string version : {"--tls-max 1.2 ", "--tlsv1.3 "}) {
            const Run refused = curl(version + https_url(daemon.endpoint()) + "/");
            CHECK(refused.status != 0);
            CHECK(has(refused.out, "alert"));
            CHECK_FALSE(has(refused.out, "over TLS"));
        }
        const TlsFiles own = ca.issue("bob", {.subject = "Bob"});
        CHECK(curl("--cert " + own.certificate + " --key " + own.key + " " +
                   https_url(daemon.endpoint()))
                  .out == "<p>over TLS\n");
    }

    TEST_CASE_FIXTURE(Site, "openssl s_client speaks TLS 1.2 and 1.3, and no older one") {
        if (!has_all({"openssl"})) return;
        const Daemon daemon({.root = files.str(), .ini = tls_ini()});
        for (const std::string version : {"1_2", "1_3"}) {
            CAPTURE(version);
            const Run run = s_client(daemon.endpoint(), "-tls" + version);
            CHECK(has(run.out, "Verification: OK"));
            CHECK(has(run.out, "New, TLSv1." + version.substr(2) + ", Cipher is "));
            CHECK(has(run.out, "<p>over TLS"));
        }
        for (const std::string version : {"1", "1_1"}) {
            CAPTURE(version);
            const Run run =
                s_client(daemon.endpoint(), "-cipher DEFAULT:@SECLEVEL=0 -tls" + version);
            CHECK(has(run.out, "alert protocol version"));
            CHECK_FALSE(has(run.out, "<p>over TLS"));
        }
    }

    TEST_CASE_FIXTURE(Site, "openssl s_client resumes a session that it has saved") {
        if (!has_all({"openssl"})) return;
        for (const std::string tickets : {"on", "off"}) {
            CAPTURE(tickets);
            const Daemon daemon(
                {.root = files.str(), .ini = tls_ini("tickets = " + tickets + "\n")});
            for (const std::string version : {"1_2", "1_3"}) {
                CAPTURE(version);
                const std::string session = daemon.work() / "session";
                s_client(daemon.endpoint(), "-tls" + version + " -sess_out " + session);
                const Run again =
                    s_client(daemon.endpoint(), "-tls" + version + " -sess_in " + session);
                CHECK(has(again.out, "Reused, TLSv1." + version.substr(2)));
                CHECK(has(again.out, "<p>over TLS"));
            }
        }
    }

    TEST_CASE_FIXTURE(Site, "openssl s_client is shown the certificate that it can verify") {
        if (!has_all({"openssl"})) return;
        const TestCa& ca = TestCa::shared();
        const TlsFiles rsa = ca.issue("daemon-rsa", {.subject = "the RSA one", .rsa = true});
        const TlsFiles other =
            ca.issue("daemon-other", {.subject = "the other", .names = {"DNS:other.test"}});
        const Daemon daemon(
            {.root = "",
             .ini = tls_ini("certificate = " + rsa.certificate + "\nkey = " + rsa.key + "\n") +
                    "[site other.test]\nroot = " + files.str() + "\n[tls other.test]\n" +
                    "certificate = " + other.certificate + "\nkey = " + other.key + "\n",
             .arguments = {"--root", files.str()}});
        const struct {
            std::string options, subject;
        } rows[] = {
            {"-tls1_2 -cipher aRSA", "CN = the RSA one"},
            {"-tls1_2 -cipher aECDSA", "CN = localhost"},
            {"-tls1_3 -sigalgs RSA-PSS+SHA256", "CN = the RSA one"},
            {"-tls1_3 -sigalgs ECDSA+SHA256", "CN = localhost"},
            {"-servername other.test", "CN = the other"},
            {"-servername OTHER.test", "CN = the other"},
            {"-servername unknown.test -sigalgs ECDSA+SHA256", "CN = localhost"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.options);
            CHECK(has(s_client(daemon.endpoint(), row.options).out, "subject=" + row.subject));
        }
    }

    TEST_CASE_FIXTURE(Site, "A client that speaks plain HTTP to the TLS port is told so") {
        if (!has_all({"curl"})) return;
        const Daemon daemon({.root = files.str(), .ini = tls_ini()});
        const Run run = curl("-i http://127.0.0.1:" + std::to_string(daemon.endpoint().port));
        CHECK(run.out.starts_with("HTTP/1.1 400 "));
        CHECK(has(run.out, "https://"));
    }
}
