// basehttpd with the command lines of python3 -m http.server, 3.11 to 3.14.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

Parsed read(const Arguments& arguments) { return read_command({"basehttpd"}, arguments); }

std::string refusal(const Arguments& arguments) {
    return refusal_of([&] { read(arguments); });
}

TEST_SUITE_BEGIN("python3 -m http.server");

TEST_CASE("A command line for Python means the same here") {
    Config plain;
    Config usual;
    usual.port = 8001;
    usual.bind = {"127.0.0.1"};
    usual.sites.front().root = "/tmp";
    Config v6;
    v6.bind = {"::1"};
    Config old;
    old.protocol = "HTTP/1.0";
    Config scripts;
    scripts.sites.front().cgi.directories = {"/cgi-bin"};
    Config port;
    port.port = 8001;
    struct Row {
        Arguments arguments;
        const Config& expected;
    };
    const Row rows[] = {
        {{}, plain},
        {{"8000"}, plain},
        {{"8001"}, port},
        {{"-b", "127.0.0.1", "-d", "/tmp", "8001"}, usual},
        {{"8001", "-b", "127.0.0.1", "-d", "/tmp"}, usual},
        {{"-d", "/tmp", "8001", "-b", "127.0.0.1"}, usual},
        {{"--bind", "127.0.0.1", "--directory", "/tmp", "8001"}, usual},
        {{"--directory=/tmp", "8001", "--bind=127.0.0.1"}, usual},
        {{"-b127.0.0.1", "-d/tmp", "8001"}, usual},
        {{"--bind=::1"}, v6},
        {{"8000", "--bind", "::1"}, v6},
        {{"--cgi"}, scripts},
        {{"--cgi", "8000"}, scripts},
        {{"8000", "--cgi"}, scripts},
        {{"--protocol", "HTTP/1.0"}, old},
        {{"--protocol=HTTP/1.0", "8000"}, old},
        {{"-p", "HTTP/1.0"}, old},
        {{"8000", "-pHTTP/1.0"}, old},
        {{"-p", "HTTP/1.1"}, plain},
        {{"-p", "http/1.0", "-p", "8000"}, old},
        {{"-p", "8001"}, port},
    };
    for (const Row& row : rows) {
        std::string line;
        for (const char* argument : row.arguments) line += std::string(" ") + argument;
        CAPTURE(line);
        CHECK(read(row.arguments).config == row.expected);
    }
}

TEST_CASE("The options for TLS of Python 3.14 are understood") {
    const Config config = read({"--tls-cert", "/etc/passwd", "--tls-key", "/etc/os-release",
                                "--tls-password-file", "/etc/hosts", "8443"})
                              .config;
    CHECK(tls_on(config));
    CHECK(config.port == 8443);
    CHECK_FALSE(config.tls_port);
    TlsConfig expected;
    expected.certificates = {"/etc/passwd"};
    expected.keys = {"/etc/os-release"};
    expected.password_file = "/etc/hosts";
    CHECK(config.sites.front().tls == expected);
    CHECK(read({"--tls-cert=/etc/passwd"}).config.sites.front().tls.certificates ==
          Texts{"/etc/passwd"});
    CHECK(refusal({"--tls-key", "/etc/passwd"}).starts_with("basehttpd: --tls-key '/etc/passwd' "));
}

TEST_CASE("A wrong protocol is refused, and only -p may mean it") {
    CHECK(refusal({"--protocol", "HTTP/2"}) ==
          "basehttpd: --protocol 'HTTP/2' is not one of HTTP/1.1, HTTP/1.0");
    CHECK(refusal({"-p", "HTTP/2"}) == "basehttpd: -p 'HTTP/2' is not one of HTTP/1.1, HTTP/1.0");
    CHECK(refusal({"--port", "HTTP/1.0"}) ==
          "basehttpd: --port 'HTTP/1.0' is not a number from 0 to 65535");
    CHECK(refusal({"-p", "1.0"}) == "basehttpd: -p '1.0' is not a number from 0 to 65535");
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
