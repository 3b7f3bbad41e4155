// Files that change while they are served or cached. A change shows within a second; the tests wait
// for three.
#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

constexpr int visible_within = 3000;  // milliseconds

std::string big_file(char c) { return std::string(24 << 20, c); }

/// Whether a GET of `target` gives what `expected` wants, soon.
bool becomes(const Daemon& daemon, HttpClient& client, const char* target, const Fields& fields,
             const std::function<bool(const Reply&)>& expected) {
    return daemon.child().until([&] { return expected(client.get(target, fields)); },
                                visible_within);
}

/// Waits until what was written is so old that the cache trusts its times.
void let_settle(const Daemon& daemon) {
    const std::time_t written = std::time(nullptr);
    CHECK(daemon.child().until([&] { return std::time(nullptr) >= written + 2; }, 4000));
}

/// Receives the content of a running answer; what came before the end.
std::string read_all(HttpClient& client, std::size_t size) {
    std::string body;
    while (body.size() < size) {
        const std::string piece = client.read_some(size - body.size());
        if (piece.empty()) break;
        body += piece;
    }
    return body;
}

}  // namespace

TEST_SUITE("daemon changing files") {
    TEST_CASE("A change of a cached file shows") {
        const TempDir site;
        site.write("file.txt", "one");
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        const auto cached = [&](const char* target) {
            return client.get(target), client.get(target);
        };
        const auto body_is = [](std::string body) {
            return [body](const Reply& reply) { return reply.status == 200 && reply.body == body; };
        };
        let_settle(daemon);
        const std::string tag = cached("/file.txt").get("ETag");
        site.write("file.txt", "two");  // same size, in place
        CHECK(becomes(daemon, client, "/file.txt", {}, body_is("two")));
        const Reply changed = client.get("/file.txt");
        CHECK(changed.get("ETag") != tag);
        CHECK(client.get("/file.txt", {{"If-None-Match", tag}}).status == 200);
        site.write("file.txt", "longer");
        CHECK(becomes(daemon, client, "/file.txt", {}, body_is("longer")));
        site.write("file.txt", "");
        CHECK(becomes(daemon, client, "/file.txt", {}, body_is("")));
        std::filesystem::rename(site.write("new", "replaced"), site / "file.txt");
        CHECK(becomes(daemon, client, "/file.txt", {}, body_is("replaced")));
        std::filesystem::remove(site / "file.txt");
        CHECK(becomes(daemon, client, "/file.txt", {},
                      [](const Reply& reply) { return reply.status == 404; }));
        site.write("file.txt", "back");
        CHECK(becomes(daemon, client, "/file.txt", {}, body_is("back")));
        std::filesystem::remove(site / "file.txt");
        site.mkdir("file.txt");
        CHECK(becomes(daemon, client, "/file.txt", {},
                      [](const Reply& reply) { return reply.status == 301; }));
    }

    TEST_CASE("A file that comes to stand before a cached one shows") {
        const TempDir site;
        site.write("index.htm", "second");
        site.write("app.js", "plain");
        site.write("about.html", "page");
        const Daemon daemon({.root = site.str(), .ini = "clean_urls = on\nspa = /about.html\n"});
        HttpClient client(daemon.endpoint());
        const Fields gzip{{"Accept-Encoding", "gzip"}};
        let_settle(daemon);
        for (int i = 0; i < 2; ++i) {
            CHECK(client.get("/").body == "second");
            CHECK(client.get("/app.js", gzip).body == "plain");
            CHECK(client.get("/about").body == "page");
            CHECK(client.get("/users").body == "page");
        }
        site.write("index.html", "first");
        site.write("app.js.gz", "GZIP");
        site.write("about", "a file of that name");
        site.write("users.html", "users");
        const auto body_is = [](std::string body) {
            return [body](const Reply& reply) { return reply.body == body; };
        };
        CHECK(becomes(daemon, client, "/", {}, body_is("first")));
        CHECK(becomes(daemon, client, "/app.js", gzip, body_is("GZIP")));
        CHECK(client.get("/app.js", gzip).get("Content-Encoding") == "gzip");
        CHECK(becomes(daemon, client, "/about", {}, body_is("a file of that name")));
        CHECK(becomes(daemon, client, "/users", {}, body_is("users")));
        std::filesystem::remove(site / "app.js.gz");
        CHECK(becomes(daemon, client, "/app.js", gzip, body_is("plain")));
    }

    TEST_CASE("A large file that is replaced while it is sent arrives as it was") {
        const TempDir site;
        site.write("big.bin", big_file('1'));
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
        const Reply head = client.receive_head();
        const std::string tag = head.get("ETag");
        std::filesystem::rename(site.write("new", "short"), site / "big.bin");
        CHECK((read_all(client, 24 << 20) == big_file('1')));
        CHECK(becomes(daemon, client, "/big.bin", {},
                      [](const Reply& reply) { return reply.body == "short"; }));
        CHECK(client.get("/big.bin").get("ETag") != tag);
    }

    TEST_CASE("A file that grows while it is sent gives the length that was promised") {
        const TempDir site;
        site.write("big.log", big_file('1'));
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        client.send("GET /big.log HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(client.receive_head().get("Content-Length") == std::to_string(24 << 20));
        const Fd file(::open((site / "big.log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        REQUIRE(::write(file.get(), "more", 4) == 4);
        CHECK((read_all(client, 24 << 20) == big_file('1')));
        CHECK(becomes(daemon, client, "/big.log", {{"Range", "bytes=-4"}},
                      [](const Reply& reply) { return reply.body == "more"; }));
    }

    TEST_CASE("A file that shrinks while it is sent cuts its connection and no other") {
        const TempDir site;
        site.write("big.bin", big_file('1'));
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str(),
                             .expected_log = {"became shorter or unreadable while it was sent"}});
        HttpClient other(daemon.endpoint());
        CHECK(other.get("/file.txt").body == "x");
        HttpClient client(daemon.endpoint());
        client.send(
            "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(client.receive_head().status == 200);
        REQUIRE(::truncate((site / "big.bin").c_str(), 1000) == 0);
        CHECK(client.is_cut());  // a whole answer would be followed by the next one
        CHECK(other.get("/file.txt").body == "x");
        // The cache knows the old size for a while; then the file is served as it is.
        const bool served = daemon.child().until(
            [&] {
                HttpClient again(daemon.endpoint());
                again.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
                return again.receive_head().get("Content-Length") == "1000";
            },
            visible_within);
        CHECK(served);
    }
}
