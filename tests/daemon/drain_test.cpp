// How the daemon ends: not ready but serving, then no more; and what a terminal has to do with it.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"

using namespace basehttp;

namespace {

std::string with_drain(std::string_view delay) {
    return usual_settings +
           "[server]\nhealth = on\n[timeouts]\ndrain_delay = " + std::string(delay) + "\n";
}

/// Asks three times on one connection: /healthz, /readyz and the site.
std::vector<int> states(HttpClient& client) {
    return {client.get("/healthz").status, client.get("/readyz").status, client.get("/").status};
}

/// The daemon on a terminal, or in a session without one.
struct OnTerminal {
    explicit OnTerminal(const std::string& more = {}) {
        work.write(
            "settings.ini",
            "[server]\nbind = 127.0.0.1\nport = 0\nlandlock = off\n[site]\nroot = " + work.str() +
                "\n[log]\nerror = " + (work / "error.log").string() + "\n" + more);
        const std::string program = daemon_program(), settings = work / "settings.ini";
        int end = -1;
        pid = ::forkpty(&end, nullptr, nullptr, nullptr);
        if (pid == 0) {
            ::execl(program.c_str(), "basehttpd", "--config", settings.c_str(), nullptr);
            ::_exit(127);
        }
        terminal.reset(end);
        REQUIRE(logs("(Ctrl-C stops)"));
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;
    ~OnTerminal() {
        if (pid > 0) end_status();
    }

    bool logs(const char* part) const {
        return eventually([&] { return has(read_text(work / "error.log"), part); });
    }
    int end_status() {
        int status = 0;
        const bool ended = eventually([&] { return ::waitpid(pid, &status, WNOHANG) != 0; });
        if (!ended) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
        }
        pid = -1;
        return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    TempDir work;
    Fd terminal;
    int pid = -1;
};

}  // namespace

TEST_SUITE("daemon drain") {
    TEST_CASE("SIGTERM: not ready, but serving on all connections for drain_delay, then exit 0") {
        LiveServer server(with_drain("1s"));
        HttpClient kept(server.endpoint());
        CHECK(states(kept) == std::vector{200, 200, 200});
        server.signal(SIGTERM);
        CHECK(server.logs("Stopping: not ready any more, but serving for a while yet"));
        HttpClient fresh(server.endpoint());
        for (HttpClient* client : {&kept, &fresh}) {
            CHECK(states(*client) == std::vector{200, 503, 200});
            CHECK_FALSE(client->get("/").has("Connection"));
            CHECK_FALSE(client->get("/readyz").has("Connection"));
        }
        CHECK(server.logs("Stopping: running requests are finished"));
        CHECK(server.end_status() == 0);
        CHECK(kept.ends());
    }

    TEST_CASE("A second SIGTERM, or SIGINT, does not wait for drain_delay") {
        for (const int second : {SIGTERM, SIGINT}) {
            CAPTURE(second);
            LiveServer server(with_drain("1h"));
            server.signal(SIGTERM);
            CHECK(server.logs("not ready any more"));
            server.signal(second);
            CHECK(server.end_status() == 1);
        }
        LiveServer server(with_drain("1h"));
        server.signal(SIGINT);
        CHECK(server.end_status() == 0);
        CHECK(server.count("not ready any more") == 0);
    }

    TEST_CASE("A second signal cuts what runs, scripts as well, and exits with 1") {
        const CgiSite site;
        const Fd never = site.fifo("never");
        site.script("hang.sh", "#!/bin/sh\ntrap '' TERM\nread line <../never\n");
        LiveServer server("[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = " + site.root() +
                          "\n" + cgi_ini());
        HttpClient client(server.endpoint());
        client.send("GET /cgi-bin/hang.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(eventually([&] { return site.processes().size() == 1; }));
        server.signal(SIGTERM);
        CHECK(server.logs("Stopping: running requests"));
        server.signal(SIGTERM);
        CHECK(server.end_status() == 1);
        CHECK(client.is_cut());
        CHECK(eventually([&] { return site.processes().empty(); }));
    }

    TEST_CASE("Idle clients do not hold up the end, and hear of it in order") {
        LiveServer server(usual_settings);
        std::vector<std::unique_ptr<HttpClient>> idle;
        for (int i = 0; i < 50; ++i) {
            idle.push_back(std::make_unique<HttpClient>(server.endpoint()));
            CHECK(idle.back()->get("/").status == 200);
        }
        server.signal(SIGTERM);
        CHECK(server.end_status() == 0);
        for (auto& client : idle) CHECK(client->ends());
    }

    TEST_CASE("A terminal that is closed ends the server that was started there") {
        OnTerminal server;
        server.terminal.reset();  // the kernel sends SIGHUP
        CHECK(server.end_status() == 0);
        CHECK(server.logs("Stopped"));
        CHECK_FALSE(has(read_text(server.work / "error.log"), "Reloaded"));
    }

    TEST_CASE("SIGHUP reloads on a terminal that is there, and where there is none") {
        OnTerminal server;
        ::kill(server.pid, SIGHUP);
        CHECK(server.logs("info: Reloaded: "));
        CHECK(::write(server.terminal.get(), "\x03", 1) == 1);  // Ctrl-C
        CHECK(server.end_status() == 0);
        LiveServer other(usual_settings);  // its stderr is a file
        CHECK(has(other.reload(), "info: Reloaded: "));
    }
}
