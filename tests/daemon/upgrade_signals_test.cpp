// Signals while an upgrade is under way, and where none can be.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"

using namespace basehttp;

namespace {

/// A server that is being upgraded: the new process waits for its settings.
struct Upgrading {
    Upgrading() : server(usual_settings) {
        settings = read_text(server.settings_file());
        const std::string fifo = server.work() / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        std::filesystem::rename(fifo, server.settings_file());
        server.signal(SIGUSR2);
        REQUIRE(server.logs("info: Upgrading: process "));
        const std::string log = server.log();
        next = std::stoi(log.substr(log.find("Upgrading: process ") + 19));
    }
    /// The new process gets these settings, and whoever reads them next those of before.
    void let_go(const std::string& text) {
        Fd writer;
        REQUIRE(eventually([&] {  // once it has opened its side
            writer.reset(::open(server.settings_file().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            return static_cast<bool>(writer);
        }));
        std::filesystem::rename(server.work().write("again.ini", settings), server.settings_file());
        write_line(writer, text);
    }
    bool runs(int pid) const { return std::filesystem::exists("/proc/" + std::to_string(pid)); }

    LiveServer server;
    std::string settings;
    int next = -1;
};

}  // namespace

TEST_SUITE("daemon upgrade signals") {
    TEST_CASE_FIXTURE(Upgrading,
                      "A second SIGUSR2 meanwhile is refused, and the first one goes on") {
        server.expect("An upgrade is under way already");
        CHECK(server.upgrade_says("An upgrade is under way already"));
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        let_go(settings);
        CHECK(server.logs("Upgraded: process " + std::to_string(next)));
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        server.follow(next);
    }

    TEST_CASE_FIXTURE(Upgrading, "A reload that is asked for meanwhile reaches who serves then") {
        server.signal(SIGHUP);
        let_go(settings);
        CHECK(server.logs("Upgraded: process " + std::to_string(next)));
        server.follow(next);
        CHECK(server.logs("info: Reloaded: "));
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
    }

    TEST_CASE_FIXTURE(Upgrading,
                      "A reload that is asked for during an upgrade that fails is done") {
        server.expect("Not upgraded");
        server.signal(SIGHUP);
        let_go("[server]\nports = 1\n");
        CHECK(server.logs("Not upgraded, this program serves on"));
        CHECK(server.logs("info: Reloaded: "));
        std::filesystem::resize_file(server.work() / "stderr", 0);
    }

    TEST_CASE_FIXTURE(Upgrading, "SIGTERM meanwhile ends both") {
        server.signal(SIGTERM);
        CHECK(server.end_status() == 0);
        server.follow(next);
        CHECK(server.end_status() == -1);  // by the signal, before it had begun
        CHECK_FALSE(runs(next));
        CHECK_THROWS_AS(connect_to(server.endpoint()), std::system_error);
    }

    TEST_CASE_FIXTURE(Upgrading, "A new process that dies meanwhile leaves the old one") {
        server.expect("Not upgraded, this program serves on");
        ::kill(next, SIGKILL);
        CHECK(server.logs("Not upgraded, this program serves on"));
        std::filesystem::remove(server.settings_file());
        server.work().write("basehttpd.ini", settings);
        server.upgrade();
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
    }

    TEST_CASE("Process 1 of a container refuses, and says what to do instead") {
        if (!has_all({"unshare"})) return;
        if (::geteuid() != 0) {
            std::puts("SKIPPED: needs root");
            return;
        }
        const TempDir work;
        const std::string program = daemon_program();
        ::setenv("BASEHTTPD", "/usr/bin/unshare", 1);
        ChildOptions options;
        options.arguments = {"--fork",       "--pid",           "--kill-child",
                             "--mount-proc", program,           "--bind",
                             "127.0.0.1",    "--port",          "0",
                             "--root",       work.str(),        "--landlock",
                             "off",          "--access-log",    work / "access.log",
                             "--error-log",  work / "error.log"};
        options.out = work / "stdout";
        options.err = work / "stderr";
        Child child(options);
        ::setenv("BASEHTTPD", program.c_str(), 1);
        const auto logs = [&](const char* part) {
            return child.until([&] { return has(read_text(work / "error.log"), part); });
        };
        if (!logs("(Ctrl-C stops)")) {
            CHECK(has(read_text(work / "stderr"), "unshare"));
            std::puts("SKIPPED: no namespaces of processes here");
            return;
        }
        const std::string pid = std::to_string(child.pid());
        const int inner = std::stoi(read_text("/proc/" + pid + "/task/" + pid + "/children"));
        ::kill(inner, SIGUSR2);
        CHECK(logs("error: Not upgraded: this is process 1 of a container"));
        ::kill(inner, SIGHUP);
        CHECK(logs("info: Reloaded: "));
        ::kill(inner, SIGTERM);
        const auto status = child.wait(20'000);
        CHECK(status == 0);
    }
}
