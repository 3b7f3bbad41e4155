// basehttpd healthcheck, beside a running server and beside none.
#include <sys/stat.h>

#include <cstdlib>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

using Texts = std::vector<std::string>;

Output healthcheck(Texts arguments) {
    arguments.insert(arguments.begin(), "healthcheck");
    return run_daemon(arguments);
}

/// A port of 127.0.0.1 that was free a moment ago.
std::string free_port() { return std::to_string(listening_socket().second.port); }

}  // namespace

TEST_SUITE("daemon healthcheck") {
    TEST_CASE("A server that serves is healthy, on each kind of socket") {
        const TempDir site;
        const TempDir work;
        const std::string port = free_port(), tls_port = free_port();
        const struct {
            const char* what;
            Texts arguments;
        } rows[] = {
            {"plain", {"--bind", "127.0.0.1", "--port", port}},
            {"all addresses", {"--port", port}},
            {"TLS", {"--bind", "127.0.0.1", "--port", port, "--tls", "self-signed"}},
            {"TLS beside", {"--port", port, "--tls", "self-signed", "--tls-port", tls_port}},
            {"unix", {"--bind", "unix:" + (work / "s").string()}},
            {"port 0 and unix",
             {"--port", "0", "--bind", "127.0.0.1 unix:" + (work / "s").string()}},
            {"health", {"--bind", "127.0.0.1", "--port", port, "--health", "on"}},
            {"health_bind", {"--bind", "127.0.0.1:0", "--health-bind", "127.0.0.1:" + tls_port}},
        };
        for (const auto& row : rows) {
            CAPTURE(row.what);
            DaemonOptions options{.root = site.str(), .arguments = row.arguments};
            options.activation = false;
            if (std::string(row.what).starts_with("TLS")) options.expected_log = {"self-signed"};
            Daemon daemon(options);
            const Output output = healthcheck(row.arguments);
            CHECK(output.err == "");
            CHECK(output.out == "");
            CHECK(output.exit_status == 0);
            daemon.stop();
        }
    }

    TEST_CASE("An address that is not served, or a port that cannot be known, is told") {
        const std::string port = free_port();
        const Output nobody = healthcheck({"--bind", "127.0.0.1", port});
        CHECK(nobody.exit_status == 1);
        CHECK(nobody.err == "basehttpd: unhealthy: http://127.0.0.1:" + port +
                                "/: cannot connect: Connection refused\n");
        for (const char* option : {"--health=on", "--health-bind=127.0.0.1"}) {
            CAPTURE(option);
            CHECK(healthcheck({"--bind", "127.0.0.1", option, port}).err ==
                  "basehttpd: unhealthy: http://127.0.0.1:" + port +
                      "/healthz: cannot connect: Connection refused\n");
        }
        const Output unknown = healthcheck({"--port", "0"});
        CHECK(unknown.exit_status == 2);
        CHECK(unknown.err ==
              "basehttpd: healthcheck cannot know where to ask: port 0 is any that is free; name "
              "an address for it with --health-bind\n");
        const Output asks_back = healthcheck({"--tls", "self-signed", "--tls-client", "required"});
        CHECK(asks_back.exit_status == 2);
        CHECK(asks_back.err ==
              "basehttpd: healthcheck cannot know where to ask: every port wants a certificate of "
              "its clients; name an address for it with --health-bind\n");
    }

    TEST_CASE("A server that accepts and says nothing times out") {
        const auto [socket, endpoint] = listening_socket();
        const std::string port = std::to_string(endpoint.port);
        for (const bool tls : {false, true}) {
            CAPTURE(tls);
            Texts arguments = {"--bind", "127.0.0.1", "--timeout", "50ms", port};
            if (tls) arguments.insert(arguments.end(), {"--tls", "self-signed"});
            const Output output = healthcheck(arguments);
            CHECK(output.exit_status == 1);
            CHECK(output.err == "basehttpd: unhealthy: http" + std::string(tls ? "s" : "") +
                                    "://127.0.0.1:" + port + "/: " +
                                    (tls ? "no TLS handshake" : "no answer") + ": timed out\n");
        }
    }

    TEST_CASE("Variables of the environment are settings of the daemon, the healthcheck and cgi") {
        const TempDir site;
        site.write("file.txt", "x");
        const std::string port = free_port();
        ::setenv("BASEHTTPD_PORT", port.c_str(), 1);
        ::setenv("BASEHTTPD_ROOT", site.str().c_str(), 1);
        {
            Daemon daemon({.root = "", .arguments = {}, .activation = false});
            CHECK(daemon.get("/file.txt").body == "x");
            CHECK(healthcheck({}).exit_status == 0);
            daemon.stop();
        }
        CHECK(healthcheck({}).exit_status == 1);
        site.write("cgi-bin/env.sh", "#!/bin/sh\necho Content-Type: text/plain; echo; env\n");
        REQUIRE(::chmod((site / "cgi-bin/env.sh").c_str(), 0755) == 0);
        const Output script = run_daemon({"cgi", "/cgi-bin/env.sh"});
        CHECK(script.exit_status == 0);
        CHECK(script.out.find("DOCUMENT_ROOT=" + site.str()) != std::string::npos);
        CHECK(script.out.find("BASEHTTPD_") == std::string::npos);
        ::setenv("BASEHTTPD_PROT", "1", 1);
        const Output wrong = run_daemon({"--check-config"});
        CHECK(wrong.exit_status == 2);
        CHECK(wrong.err ==
              "basehttpd: unknown environment variable 'BASEHTTPD_PROT'; did you mean "
              "BASEHTTPD_PORT?\n");
        for (const char* name : {"BASEHTTPD_PORT", "BASEHTTPD_ROOT", "BASEHTTPD_PROT"})
            ::unsetenv(name);
    }
}
