// The end of the daemon, and the end of its descriptors.
#include <cstdio>

#include "tests/support/daemon_fixture.hpp"
#include "tests/support/program_sanitizers.hpp"

using namespace basehttp;

namespace {

constexpr std::size_t size = 24 << 20;

/// Takes what is left of an answer's content.
std::size_t read_rest(HttpClient& client) {
    std::size_t taken = 0;
    while (taken < size) {
        const std::size_t count = client.read_some(1 << 20).size();
        if (count == 0) break;
        taken += count;
    }
    return taken;
}

bool refuses(const Endpoint& endpoint) {
    try {
        connect_to(endpoint);
        return false;
    } catch (const std::system_error& error) {
        return error.code() == std::errc::connection_refused;
    }
}

/// A hundred clients of a program that may have 64 descriptors: some wait, and `line` is logged.
void check_waiting(const TempDir& site, const std::vector<std::string>& arguments,
                   const std::string& line) {
    Daemon daemon(
        {.root = site.str(), .arguments = arguments, .expected_log = {line}, .descriptors = 64});
    {
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 100; ++i)
            clients.push_back(std::make_unique<HttpClient>(daemon.endpoint()));
        for (auto& client : clients) client->send("GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        const bool logged = daemon.child().until(
            [&] { return daemon.error_log().find(line) != std::string::npos; });
        CHECK(logged);
        // The answers of those who were let in, by and by, until all have been.
        for (auto& client : clients) {
            const int status = client->receive().status;
            CHECK((status == 200 || status == 503));  // no descriptor for the file is 503
            client.reset();
        }
    }
    CHECK(daemon.get("/file.txt").body == "x");
    daemon.stop();
    std::size_t lines = 0;
    for (const std::string& one : lines_of(daemon.error_log()))
        lines += one.find(line) != std::string::npos ? 1 : 0;
    CHECK(lines == 1);
}

}  // namespace

TEST_SUITE("daemon ending") {
    TEST_CASE("SIGTERM and SIGINT finish a running download, take no new one, and end with 0") {
        const TempDir site;
        site.write("big.bin", std::string(size, 'b'));
        for (const int number : {SIGTERM, SIGINT}) {
            CAPTURE(number);
            Daemon daemon({.root = site.str()});
            {
                HttpClient client(daemon.endpoint());
                HttpClient idle(daemon.endpoint());
                CHECK(idle.get("/").status == 200);
                client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
                CHECK(client.receive_head().status == 200);
                daemon.signal(number);
                CHECK(idle.ends());
                CHECK(daemon.child().until([&] { return refuses(daemon.endpoint()); }));
                CHECK(read_rest(client) == size);
                CHECK(client.ends());
            }
            daemon.stop();
            CHECK(daemon.error_log().find("Stopping") != std::string::npos);
            CHECK(daemon.error_log().find("Stopped") != std::string::npos);
            CHECK(
                daemon.error_log().find("Cache: 0 hits, 2 misses, 0 stale, 0 evicted; 1 entries") !=
                std::string::npos);
            CHECK(daemon.access_log().find("\"GET /big.bin HTTP/1.1\" 200 25165824") !=
                  std::string::npos);
        }
    }

    TEST_CASE("A download that takes too long is cut when the time to end is over") {
        const TempDir site;
        site.write("big.bin", std::string(size, 'b'));
        Daemon daemon({.root = site.str(), .ini = "[timeouts]\nshutdown = 100ms\n"});
        {
            HttpClient client(daemon.endpoint());
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
            CHECK(client.receive_head().status == 200);
            daemon.signal(SIGTERM);
            // Nothing is read meanwhile.
            CHECK(daemon.child().until([&] { return refuses(daemon.endpoint()); }));
        }
        daemon.stop();
    }

    TEST_CASE("A daemon that has just started ends on every loop") {
        const TempDir site;
        for (int round = 0; round < 5; ++round) {
            Daemon daemon({.root = site.str(), .arguments = {"--loops", "64"}});
            daemon.stop();
        }
    }

    TEST_CASE("A connection that stays open without a request does not delay the end") {
        const TempDir site;
        Daemon daemon({.root = site.str()});
        HttpClient silent(daemon.endpoint());
        HttpClient other(daemon.endpoint());
        CHECK(other.get("/").status == 200);
        daemon.signal(SIGTERM);
        CHECK(silent.ends());
        CHECK(other.ends());
    }

    TEST_CASE("Connections beyond what descriptors allow wait, and one line is logged") {
        if (has_undefined_behavior_sanitizer()) {
            std::puts("SKIPPED: UndefinedBehaviorSanitizer itself needs descriptors");
            return;
        }
        const TempDir site;
        site.write("file.txt", "x");
        const std::pair<std::vector<std::string>, std::string> rows[] = {
            {{}, "16 connections are open: new ones wait"},  // some descriptors are left for files
            {{"--limit-connections=1000"},
             "Out of file descriptors or memory: new connections wait"},
        };
        for (const auto& [arguments, line] : rows) {
            CAPTURE(line);
            check_waiting(site, arguments, line);
        }
    }
}
