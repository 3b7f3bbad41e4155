// The settings of TLS: [tls], [tls NAME...] and their options.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

TlsConfig tls(std::string_view ini, const Arguments& arguments = {}) {
    return merge(ini, arguments).config.sites.front().tls;
}

TEST_SUITE_BEGIN("[tls]");

TEST_CASE("TLS is off by default, and its handshake has ten seconds") {
    const Config config = merge("").config;
    CHECK(config.sites.front().tls == TlsConfig{});
    CHECK_FALSE(tls_on(config));
    CHECK_FALSE(config.tls_port);
    CHECK(config.handshake_timeout == 10s);
    CHECK(config.tls_session_timeout == 24h);
}

TEST_CASE("Each key of [tls] reaches its member, and each option the same") {
    TlsConfig expected;
    expected.certificates = {"my a.pem", "b,c.pem"};
    expected.keys = {"a.key", "b.key"};
    expected.password_file = "p";
    expected.client = "optional";
    expected.client_ca = "ca.pem";
    expected.redirect = true;
    expected.hsts = 8760h;
    const Config from_file =
        merge(
            "[tls]\ncertificate = my a.pem\nkey = a.key\ncertificate = b,c.pem\nkey = b.key\n"
            "password_file = p\nclient = Optional\nclient_ca = ca.pem\nredirect = on\n"
            "hsts = 8760h\nmode = Self-Signed\nport = 443\nmin_version = 1.3\n"
            "ciphers = HIGH:!aNULL\ntickets = off\nsession_timeout = 168h\n"
            "[timeouts]\nhandshake = 1500ms\n")
            .config;
    CHECK(from_file.sites.front().tls == expected);
    CHECK(from_file.tls_mode == "self-signed");
    CHECK(from_file.tls_port == 443);
    CHECK(from_file.tls_min_version == "1.3");
    CHECK(from_file.tls_ciphers == "HIGH:!aNULL");
    CHECK_FALSE(from_file.tls_tickets);
    CHECK(from_file.tls_session_timeout == 168h);
    CHECK(from_file.handshake_timeout == 1500ms);
    const Config from_line = merge("", {"--tls-certificate",
                                        "my a.pem",
                                        "--tls-cert=b,c.pem",
                                        "--tls-key",
                                        "a.key",
                                        "--tls-key=b.key",
                                        "--tls-password-file",
                                        "p",
                                        "--tls-client",
                                        "optional",
                                        "--tls-client-ca",
                                        "ca.pem",
                                        "--tls-redirect",
                                        "on",
                                        "--tls-hsts",
                                        "31536000",
                                        "--tls",
                                        "self-signed",
                                        "--tls-port",
                                        "443",
                                        "--tls-min-version",
                                        "1.3",
                                        "--tls-ciphers",
                                        "HIGH:!aNULL",
                                        "--tls-tickets",
                                        "off",
                                        "--tls-session-timeout",
                                        "604800",
                                        "--handshake-timeout",
                                        "1500ms"})
                                 .config;
    CHECK(from_line == from_file);
}

TEST_CASE("TLS is on with a certificate of the default site, or self-signed") {
    struct Row {
        const char* ini;
        bool on;
    };
    const Row rows[] = {
        {"[tls]\ncertificate = a\n", true},
        {"[tls]\ncertificate = a\nmode = auto\n", true},
        {"[tls]\ncertificate = a\nmode = off\n", false},
        {"[tls]\nmode = self-signed\n", true},
        {"[tls]\nport = 443\n", false},
        {"[site a]\n[tls a]\ncertificate = a\n", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.ini);
        CHECK(tls_on(merge(row.ini).config) == row.on);
    }
}

TEST_CASE("An empty port is none, and 0 is any") {
    CHECK(merge("[tls]\nport = 0\n").config.tls_port == 0);
    CHECK_FALSE(merge("[tls]\nport =\n").config.tls_port);
    CHECK_FALSE(merge("[tls]\nport = 443\n", {"--tls-port", ""}).config.tls_port);
}

TEST_CASE("A site takes over [tls], and its [tls NAME] changes what it names") {
    const Config config = merge(
                              "[tls B.example]\nclient = required\nhsts = 0\n"
                              "[site a.example b.example]\nroot = /srv\n"
                              "[tls]\ncertificate = c\nkey = k\nhsts = 9\nport = 443\n"
                              "[tls a.example]\nclient_ca = ca\n"
                              "[site c.example]\n",
                              {"--tls-redirect", "on"})
                              .config;
    REQUIRE(config.sites.size() == 3);
    TlsConfig expected = config.sites[0].tls;
    CHECK(expected.redirect);
    CHECK(expected.client_ca.empty());
    CHECK(config.sites[2].tls == expected);
    expected.client = "required";
    expected.client_ca = "ca";
    expected.hsts = 0s;
    CHECK(config.sites[1].tls == expected);
    CHECK(config.sites[1].root == "/srv");
}

TEST_CASE("New certificates come with their own keys, never with those of the old ones") {
    const char* both = "[tls]\ncertificate = c\nkey = k\n";
    CHECK(tls(both, {"--tls-cert", "n"}).keys.empty());
    CHECK(tls(both, {"--tls-cert", "n", "--tls-key", "m"}).keys == Texts{"m"});
    CHECK(tls(both, {"--tls-key", "m", "--tls-cert", "n"}).keys == Texts{"m"});
    CHECK(tls(both, {"--tls-cert", ""}).keys.empty());
    CHECK(tls(both, {"--tls-key", "m"}).certificates == Texts{"c"});
    CHECK(tls("[tls]\nkey = k\n[tls]\ncertificate = c\n").keys == Texts{"k"});
    const Config config = merge(std::string(both) +
                                "[site a]\n[tls a]\ncertificate = n\n"
                                "[site b]\n[tls b]\nkey = m\ncertificate = n\n"
                                "[site c]\n[tls c]\nhsts = 1\n")
                              .config;
    CHECK(config.sites[1].tls.certificates == Texts{"n"});
    CHECK(config.sites[1].tls.keys.empty());
    CHECK(config.sites[2].tls.keys == Texts{"m"});
    CHECK(config.sites[3].tls.keys == Texts{"k"});
}

TEST_CASE("What --print-config prints of TLS reads back to the same settings") {
    const char* texts[] = {
        "[tls]\ncertificate = \"a # b\"\nkey = \" k\"\nport = 0\nhsts = 61\nciphers = A:B\n",
        "[tls]\ncertificate = a\ncertificate = b\nkey = c\nkey = d\npassword_file = p\n",
        "[tls]\ncertificate = a\nkey = k\n[site a]\n[tls a]\ncertificate = b\n",
        "[tls]\ncertificate = a\nclient_ca = c\n[site a b]\n[tls b]\nclient = required\n[site c]\n",
        "[tls]\nmode = off\ntickets = off\n[server]\nprotocol = http/1.0\n",
    };
    for (const char* text : texts) {
        CAPTURE(text);
        const Parsed parsed = merge(text);
        const std::string printed = print_config(parsed.config, parsed.provenance);
        CAPTURE(printed);
        CHECK(merge(printed).config == parsed.config);
    }
    const Parsed parsed = merge("[site a]\n");
    const std::string printed = print_config(parsed.config, parsed.provenance);
    const std::size_t named = printed.find("\n[tls a]\n");
    REQUIRE(named != printed.npos);
    CHECK(printed.find("\nmode = ", named) == printed.npos);
    CHECK(printed.find("\nhsts = 0 ", named) != printed.npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
