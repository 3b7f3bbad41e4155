// Directory listings on the wire.
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

const Fields json{{"Accept", "application/json"}};

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_SUITE("daemon listings") {
    TEST_CASE("A listing is sorted, escaped and linked") {
        const TempDir site;
        for (const char* name :
             {"b.txt", "a10.txt", "a9.txt", "<script>.txt", "a&b \"c\".txt", "javascript:alert(1)",
              "\xC3\xBC.txt", "sub/x", "Zed/x", "%2e.txt"})
            site.write(name, "12345");
        const Daemon daemon({.root = site.str()});
        const Reply page = daemon.get_in_every_way("/");
        CHECK(page.status == 200);
        CHECK(page.get("Content-Type") == "text/html; charset=utf-8");
        CHECK(page.get("Vary") == "Accept");
        CHECK(page.get("Content-Security-Policy").find("default-src 'none'") == 0);
        CHECK(page.body.find("<script") == std::string::npos);
        CHECK(page.body.find("href=\"./%3Cscript%3E.txt\"") != std::string::npos);
        CHECK(page.body.find("href=\"./%252e.txt\"") != std::string::npos);
        CHECK(page.body.find("href=\"javascript") == std::string::npos);
        std::size_t last = 0;
        for (const char* name : {"sub/\"", "Zed/\"", "a&amp;b", "a9.txt", "a10.txt", "b.txt"}) {
            CAPTURE(name);
            const std::size_t at = page.body.find(name, 0);
            REQUIRE(at != std::string::npos);
            CHECK(at > last);
            last = at;
        }
        CHECK(daemon.get("/sub/").body.find("href=\"../\"") != std::string::npos);
    }

    TEST_CASE("A listing is JSON for who prefers that") {
        const TempDir site;
        site.write("q\"uote.txt", "12345");
        site.mkdir("sub");
        const Daemon daemon({.root = site.str()});
        const Reply reply = daemon.get_in_every_way("/", json);
        CHECK(reply.get("Content-Type") == "application/json");
        CHECK(reply.get("Vary") == "Accept");
        CHECK(reply.body.find("{\"name\":\"sub\",\"type\":\"directory\",") != std::string::npos);
        CHECK(reply.body.find("{\"name\":\"q\\\"uote.txt\",\"type\":\"file\",\"size\":5,") !=
              std::string::npos);
        for (const char* accept : {"text/html,application/json;q=0.9", "*/*", "text/html"}) {
            CAPTURE(accept);
            CHECK(daemon.get("/", {{"Accept", accept}}).get("Content-Type") ==
                  "text/html; charset=utf-8");
        }
    }

    TEST_CASE("A listing that is turned off is forbidden, but its files and index are not") {
        const TempDir site;
        site.write("sub/file.txt", "x");
        site.write("docs/index.html", "docs");
        const Daemon daemon({.root = site.str(), .ini = "listing = off\n"});
        for (const char* target : {"/", "/sub/"}) {
            CAPTURE(target);
            CHECK(daemon.get_in_every_way(target).status == 403);
            CHECK(daemon.get(target, json).status == 403);
        }
        CHECK(daemon.get("/sub/file.txt").body == "x");
        CHECK(daemon.get("/docs/").body == "docs");
        CHECK(daemon.get("/none/").status == 404);
    }

    TEST_CASE("A hundred thousand entries are streamed in bounded memory") {
        constexpr int entries = 100'000;
        const TempDir site;
        site.mkdir("many");
        const Fd directory(::open((site / "many").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        for (int i = 0; i < entries; ++i) {
            const std::string name = "a-file-with-a-name-of-a-usual-length-" + std::to_string(i);
            const Fd file(
                ::openat(directory.get(), name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
            REQUIRE(file);
        }
        const Daemon daemon({.root = site.str()});
        const long before = daemon.status_value("VmHWM:");
        const Reply page = daemon.get("/many/");
        CHECK(page.chunked);
        CHECK(count(page.body, "<tr><td>") == entries);
        CHECK(page.body.find("length-99999<") > page.body.find("length-99998<"));
        CHECK(page.body.ends_with("</html>\n"));
        const long used = daemon.status_value("VmHWM:") - before;
        MESSAGE("the listing of " << page.body.size() << " bytes took " << used << " KiB");
        CHECK(page.body.size() > 20u << 20);
        // The entries are held to be sorted; the page, which is much larger, is not.
        const bool sanitized = daemon.status_value("VmPeak:") > 1L << 30;
        if (!sanitized) CHECK(used < 18 * 1024);
        CHECK(count(daemon.get("/many/", json).body, "\"name\"") == entries);
    }
}
