// Sockets of a service manager, which FileDescriptorName= gives their use.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

/// What programs that are started while it lives take for the names of their sockets.
struct Named {
    explicit Named(const char* name) { ::setenv("LISTEN_FDNAMES", name, 1); }
    Named(const Named&) = delete;
    Named& operator=(const Named&) = delete;
    ~Named() { ::unsetenv("LISTEN_FDNAMES"); }
};

struct Site {
    TempDir files;
    Site() { files.write("index.html", "<p>home\n"); }
};

}  // namespace

TEST_SUITE("daemon named sockets") {
    TEST_CASE_FIXTURE(Site, "Names decide between plain HTTP and TLS, where there is a choice") {
        const struct {
            const char* name;
            std::string tls;
            bool speaks_tls;
        } rows[] = {
            {"http", "", false},
            {"anything", "", false},
            {"anything", tls_ini(), true},
            {"https", tls_ini("port = 8443\n"), true},
            {"tls", tls_ini("port = 8443\n"), true},
        };
        for (const auto& row : rows) {
            CAPTURE(row.name);
            CAPTURE(row.tls);
            const Named named(row.name);
            const Daemon daemon({.root = files.str(), .ini = row.tls});
            if (row.speaks_tls)
                CHECK(HttpClient(daemon.endpoint(), TlsClientOptions{}).get("/").status == 200);
            CHECK(HttpClient(daemon.endpoint()).get("/").status == (row.speaks_tls ? 400 : 200));
        }
    }

    TEST_CASE_FIXTURE(Site, "A socket for TLS without a certificate ends the start, in one line") {
        for (const char* name : {"https", "tls"}) {
            const Named named(name);
            const auto [socket, endpoint] = listening_socket();
            const Output output = run_daemon({"--root", files.str()}, socket.get());
            CHECK(output.exit_status == 2);
            CHECK(output.out == "");
            CHECK(output.err ==
                  "basehttpd: the service manager's socket '" + std::string(name) +
                      "' needs a certificate: name one in section [tls], or name the socket http "
                      "(FileDescriptorName=http)\n");
        }
    }

    TEST_CASE_FIXTURE(Site, "One named health is for probes alone, beside what bind says") {
        const Named named("health");
        const Daemon daemon({.root = files.str(), .ini = "[server]\nbind = 127.0.0.1:0\n"});
        CHECK(HttpClient(daemon.endpoint()).get("/readyz").body == "ok\n");
        CHECK(HttpClient(daemon.endpoint()).get("/").status == 404);
        CHECK(daemon.announced_urls().size() == 1);
    }
}
