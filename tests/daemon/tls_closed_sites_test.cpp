// Sites that are not for plain HTTP: no way around the redirect or the client's certificate.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/daemon_fixture.hpp"
#include "tests/support/test_tls.hpp"

using namespace basehttp;

namespace {

struct Site {
    TempDir files;
    Site() {
        files.write("index.html", "home");
        files.write("secret.txt", "SECRET");
        files.write(".well-known/acme-challenge/to-Ken_1", "proof");
    }
    std::string ini(const std::string& bind, const std::string& tls) const {
        const TlsFiles& own = TestCa::shared().localhost();
        return "[server]\nport = 0\nbind = " + bind +
               "\n[tls]\nport = 0\ncertificate = " + own.certificate + "\nkey = " + own.key +
               "\nredirect = on\n" + tls;
    }
};

Endpoint plain_of(const Daemon& daemon) {
    for (const std::string& url : daemon.announced_urls())
        if (url.starts_with("http:"))
            return {"127.0.0.1",
                    static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))};
    return {};
}

}  // namespace

TEST_SUITE("daemon tls closed sites") {
    TEST_CASE_FIXTURE(Site, "Only the proof for an authority is served without the redirect") {
        Daemon daemon({.root = files.str(), .ini = ini("127.0.0.1", ""), .activation = false});
        HttpClient client(plain_of(daemon));
        const std::string place = "/.well-known/acme-challenge/";
        CHECK(client.get(place + "to-Ken_1").body == "proof");
        for (const char* rest :
             {"../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "", "a/b", "a.b"}) {
            CAPTURE(rest);
            CHECK(client.get(place + rest).status == 301);
        }
    }

    TEST_CASE_FIXTURE(Site, "What came by a unix socket is not replayed to plain TCP") {
        const std::string path = files.str() + "/s.sock";
        Daemon daemon(
            {.root = files.str(), .ini = ini("127.0.0.1 unix:" + path, ""), .activation = false});
        const Endpoint tcp = plain_of(daemon);
        const Fields host = {{"Host", "127.0.0.1"}};
        for (int i = 0; i < 4; ++i) {
            CHECK(HttpClient(Endpoint{path, 0}).get("/", host).body == "home");
            CHECK(HttpClient(tcp).get("/", host).status == 301);
        }
    }

    TEST_CASE_FIXTURE(Site, "Where a certificate is required a unix socket serves nobody") {
        const std::string path = files.str() + "/s.sock";
        Daemon daemon({.root = files.str(),
                       .ini = ini("127.0.0.1 unix:" + path, "client = required\nclient_ca = " +
                                                                TestCa::shared().file() + "\n"),
                       .activation = false});
        CHECK(HttpClient(Endpoint{path, 0}).get("/secret.txt").status == 403);
        CHECK(HttpClient(plain_of(daemon)).get("/secret.txt").status == 301);
    }

    TEST_CASE_FIXTURE(Site, "required beside a plain port without redirect is refused at start") {
        const TlsFiles& own = TestCa::shared().localhost();
        const Output output =
            run_daemon({"--root", files.str(), "--tls-cert", own.certificate, "--tls-key", own.key,
                        "--tls-port", "8443", "--tls-client", "required", "--tls-client-ca",
                        TestCa::shared().file(), "--check-config"});
        CHECK(output.exit_status == 2);
        CHECK(output.err.find("redirect = on") != std::string::npos);
    }
}
