// The end of the newest program while older ones still finish what they have begun.
#include <string>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"

using namespace basehttp;

namespace {

/// Two upgrades, while the first process has a script that waits.
struct TwiceUpgraded {
    explicit TwiceUpgraded(const std::string& settings)
        : go(site.fifo("go")),
          server("[server]\nbind = 127.0.0.1\nport = 0\n" + settings + "[site]\nroot = " +
                 site.root() + "\n" + cgi_ini()),
          client(server.endpoint()) {
        site.script("slow.sh",
                    "#!/bin/sh\nread line <../go\nprintf 'Content-Type: a/b\n\n%s' $PPID\n");
        client.send("GET /cgi-bin/slow.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        REQUIRE(eventually([&] { return site.processes().size() == 1; }));
        server.upgrade();
        server.upgrade();
    }

    const CgiSite site;
    const Fd go;
    LiveServer server;
    HttpClient client;
};

constexpr const char* waits =
    "info: Stopping: the process from before the upgrade still finishes what it has begun";

}  // namespace

TEST_SUITE("daemon upgrade end") {
    TEST_CASE("The newest program ends when the older ones have finished what they had begun") {
        TwiceUpgraded twice("");
        LiveServer& server = twice.server;
        server.signal(SIGTERM);
        CHECK(server.logs(waits));
        write_line(twice.go, "");
        CHECK(twice.client.receive().body == std::to_string(server.first_pid()));
        CHECK(server.first_end_status() == 0);
        CHECK(server.end_status() == 0);
    }

    TEST_CASE("Older programs get the time of timeouts.shutdown then, and no more") {
        TwiceUpgraded twice("[timeouts]\nshutdown = 10ms\n");
        LiveServer& server = twice.server;
        server.expect("ended, because the server stops");
        server.signal(SIGTERM);
        CHECK(twice.client.ends());
        CHECK(server.first_end_status() == 0);
        CHECK(server.end_status() == 0);
        CHECK(twice.site.processes().empty());
    }

    TEST_CASE("A second signal to the newest program ends all of them at once") {
        TwiceUpgraded twice("");
        LiveServer& server = twice.server;
        server.signal(SIGTERM);
        CHECK(server.logs(waits));
        server.signal(SIGTERM);
        CHECK(twice.client.ends());
        CHECK(server.first_end_status() == 1);
        CHECK(server.end_status() == 1);
    }

    TEST_CASE("A signal to an older program cuts its own time, and the newest serves on") {
        TwiceUpgraded twice("[timeouts]\nshutdown = 10ms\n");
        LiveServer& server = twice.server;
        server.expect("ended, because the server stops");
        ::kill(server.first_pid(), SIGINT);
        CHECK(server.first_end_status() == 0);
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
    }
}
