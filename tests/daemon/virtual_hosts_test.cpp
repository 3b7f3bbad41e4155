// Sites by host name.
#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

TEST_SUITE("daemon virtual hosts") {
    TEST_CASE("A request goes to the site of its host, with that site's own settings") {
        const TempDir work;
        work.write("main/index.html", "main");
        work.write("main/404.html", "main 404");
        work.write("one/index.html", "one");
        work.write("one/sub/x", "x");
        work.write("two/start.html", "two");
        work.write("two/index.html", "not the index here");
        const Daemon daemon({.root = work / "main",
                             .ini = "header = X-Site: main\n"
                                    "error_page = 404 /404.html\n"
                                    "[site one.example www.One.example]\n"
                                    "root = " +
                                    (work / "one").string() +
                                    "\n"
                                    "listing = off\n"
                                    "header = X-Site: one\n"
                                    "error_page =\n"
                                    "[site two.example]\n"
                                    "root = " +
                                    (work / "two").string() +
                                    "\n"
                                    "index = start.html\n"});
        const struct {
            const char* host;
            const char* body;
        } rows[] = {
            {"one.example", "one"},      {"ONE.example", "one"},      {"one.example:8080", "one"},
            {"one.example.", "one"},     {"one.example.:80", "one"},  {"www.one.EXAMPLE", "one"},
            {"two.example", "two"},      {"Two.Example:1", "two"},    {"localhost", "main"},
            {"three.example", "main"},   {"127.0.0.1", "main"},       {"[::1]:80", "main"},
            {"sub.one.example", "main"}, {"one.example.org", "main"}, {"xone.example", "main"},
        };
        // Twice, and on one connection: the cache must tell the hosts apart, too.
        HttpClient client(daemon.endpoint());
        for (int round = 0; round < 2; ++round) {
            for (const auto& row : rows) {
                CAPTURE(row.host);
                CHECK(client.get("/", {{"Host", row.host}}).body == row.body);
            }
        }
        const Fields one{{"Host", "one.example"}};
        const Fields two{{"Host", "two.example"}};
        CHECK(daemon.get_in_every_way("/", one).get("X-Site") == "one");
        CHECK(daemon.get_in_every_way("/", two).get("X-Site") == "main");  // taken over
        CHECK(daemon.get("/sub/", one).status == 403);
        CHECK(daemon.get("/missing").body == "main 404");
        CHECK(daemon.get("/missing", one).body.find("404 Not Found") != std::string::npos);
        // RFC 9112 section 3.2.2: the target's authority wins over Host.
        CHECK(daemon.get("http://two.example/", one).body == "two");
        HttpClient old(daemon.endpoint());
        old.send("GET / HTTP/1.0\r\n\r\n");
        CHECK(old.receive().body == "main");
        CHECK(old.ends());
    }
}
