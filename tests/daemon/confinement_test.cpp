// Landlock around the daemon. Only Landlock can deny root a file, so a directory that was replaced
// by another of the same name tells whether a thread is held: it kept the right to the old one.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "handlers/process/landlock.hpp"
#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

bool usable() {
    if (::geteuid() == 0 && landlock::abi() > 0) return true;
    std::puts("SKIPPED: needs root, and Landlock in the kernel");
    return false;
}

/// See let_leaks_be_found() in daemon_child.cpp: here the daemon is to be confined.
class LeaksIgnored {
  public:
    LeaksIgnored() {
        if (const char* const options = std::getenv("ASAN_OPTIONS")) before_ = options;
        ::setenv("ASAN_OPTIONS", (before_ + ":detect_leaks=0").c_str(), 1);
    }
    ~LeaksIgnored() { ::setenv("ASAN_OPTIONS", before_.c_str(), 1); }
    LeaksIgnored(const LeaksIgnored&) = delete;
    LeaksIgnored& operator=(const LeaksIgnored&) = delete;

  private:
    std::string before_;
};

/// A directory of the same name takes its place.
void replace(const std::filesystem::path& directory) {
    std::filesystem::rename(directory, directory.string() + ".old");
    std::filesystem::create_directory(directory);
}

/// Waits for the next line that says whether a reload went well; that line.
std::string reload(const Daemon& daemon) {
    const std::size_t before = daemon.error_log().size();
    std::string news;
    daemon.child().signal(SIGHUP);
    const bool told = daemon.child().until([&] {
        news = daemon.error_log().substr(before);
        return (has(news, "Reloaded: ") || has(news, "Not reloaded")) && news.ends_with('\n');
    });
    CHECK_MESSAGE(told, "nothing was said about the reload");
    return news;
}

}  // namespace

TEST_SUITE("daemon confinement") {
    TEST_CASE("The log says what holds") {
        if (!usable()) return;
        const LeaksIgnored ignored;
        const CgiSite site;
        const std::string abi = "Confined by Landlock ABI " + std::to_string(landlock::abi());
        struct Row {
            std::string ini;
            std::string line;
        };
        const Row rows[] = {
            {"", abi + " to 1 root, 1 log directory, 1 temporary directory; no new privileges; "
                       "user 0, group 0\n"},
            {cgi_ini() + "sendfile = /usr/share\nsendfile = /usr/lib\n",
             abi + " to 1 root, 2 sendfile directories, 1 log directory, 1 temporary directory, "
                   "but not its scripts; no new privileges; user 0, group 0\n"},
            {"[server]\nlandlock = off\n",
             "Not confined: landlock = off; no new privileges; user 0, group 0\n"},
            {"[server]\nno_new_privileges = off\n",
             "Not confined: landlock needs no_new_privileges = on; user 0, group 0\n"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.ini);
            const Daemon daemon({.root = site.root(), .ini = row.ini});
            CHECK(has(daemon.error_log(), row.line));
        }
    }

    TEST_CASE("Loops may not open a directory that took the place of one they could; scripts may") {
        if (!usable()) return;
        const LeaksIgnored ignored;
        for (const bool confined : {true, false}) {
            CAPTURE(confined);
            const CgiSite site;
            const TempDir elsewhere;
            site.script("save.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\n\n'\ncat > " +
                                       elsewhere.str() + "/got && wc -c < " + elsewhere.str() +
                                       "/got\n");
            Daemon daemon(
                {.root = site.root(),
                 .ini = cgi_ini() + "[server]\nlandlock = " + (confined ? "on" : "off") + "\n",
                 .arguments = {"--temp-directory", elsewhere.mkdir("tmp")},
                 .expected_log = confined ? std::vector<std::string>{"Permission denied"}
                                          : std::vector<std::string>{}});
            const auto post = [&daemon] {
                RawClient client(daemon.endpoint().port);
                client.send(
                    "POST /cgi-bin/save.sh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    "Content-Length: 100000\r\n\r\n" +
                    std::string(100'000, 'x'));
                return parse_reply(client.receive_all());
            };
            CHECK(post().body == "100000\n");
            replace(elsewhere / "tmp");
            CHECK(post().status == (confined ? 503 : 200));
        }
    }

    TEST_CASE("A reload that needs more is refused with the line, and the old settings stay") {
        if (!usable()) return;
        const LeaksIgnored ignored;
        const TempDir old_root, new_root;
        old_root.write("page", "old");
        new_root.write("page", "new");
        struct Row {
            std::string ini, more, message;
        };
        const std::string outside =
            " is outside of what this server confined itself to at start; restart it, or set "
            "landlock = off and restart it\n";
        const Row rows[] = {
            {"", "", ":2: root '" + new_root.str() + "'" + outside},
            {"", cgi_ini(),
             "basehttpd: a site has scripts now, and this server confined itself "
             "at start without any; restart it\n"},
            {cgi_ini(), cgi_ini() + "sendfile = " + new_root.str() + "\n",
             ":5: sendfile '" + new_root.str() + "'" + outside},
        };
        for (const Row& row : rows) {
            CAPTURE(row.message);
            const Daemon daemon(
                {.root = old_root.str(), .ini = row.ini, .expected_log = {"Not reloaded"}});
            const std::string& root = row.more.empty() ? new_root.str() : old_root.str();
            daemon.work().write("basehttpd.ini", "[site]\nroot = " + root + "\n" + row.more);
            const std::string news = reload(daemon);
            CHECK(has(news, row.message));
            CHECK(daemon.get("/page").body == "old");
        }
    }

    TEST_CASE("A reload may stay within, turn a link to the directory beside, or be unconfined") {
        if (!usable()) return;
        const LeaksIgnored ignored;
        struct Row {
            const char *ini, *first, *second;
        };
        const Row rows[] = {
            {"", "", "/releases/2"},
            {"", "/current", "/current"},
            {"[server]\nlandlock = off\n", "/releases/1", "/releases/2"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.first);
            const TempDir files;
            files.write("page", "all");
            files.write("releases/1/page", "first");
            files.write("releases/2/page", "second");
            files.symlink("current", "releases/1");
            const Daemon daemon({.root = files.str() + row.first, .ini = row.ini});
            CHECK(daemon.get("/page").status == 200);
            std::filesystem::remove(files / "current");
            files.symlink("current", "releases/2");
            daemon.work().write("basehttpd.ini",
                                "[site]\nroot = " + files.str() + row.second + "\n" + row.ini);
            CHECK(has(reload(daemon), "Reloaded: "));
            CHECK(daemon.get("/page").body == "second");
        }
    }

    TEST_CASE("What replaced a place under its name is outside") {
        if (!usable()) return;
        const LeaksIgnored ignored;
        const TempDir files;
        files.write("site/page", "old");
        const Daemon daemon({.root = files / "site", .expected_log = {"Not reloaded"}});
        replace(files / "site");
        files.write("site/page", "new");
        CHECK(has(reload(daemon), " is outside of what this server confined itself to at start"));
        CHECK(daemon.get("/page").body == "old");
    }

    TEST_CASE("An upgrade cannot bring scripts into what is confined for good") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: AddressSanitizer reads /proc when it starts");
        return;
#endif
        if (!usable()) return;
        const LeaksIgnored ignored;
        const CgiSite site;
        site.files().write("page", "page");
        const TempDir work;
        const std::string ini = "[log]\naccess = off\n[site]\nroot = " + site.root() + "\n";
        const std::string file = work.write("x.ini", ini);
        auto [listening, endpoint] = listening_socket();
        Child child({.arguments = {"--config", file},
                     .listening = listening.get(),
                     .out = work / "out",
                     .err = work / "err"});
        const auto says = [&](const char* text) {
            return child.until([&] { return has(read_text(work / "err"), text); });
        };
        CHECK(says("Serving '"));
        work.write("x.ini", ini + cgi_ini());
        child.signal(SIGUSR2);
        CHECK(
            says("basehttpd: a site has scripts now, and the server before the upgrade confined "
                 "itself at start without any; restart it"));
        CHECK(says("Not upgraded"));
        CHECK(HttpClient(endpoint).get("/page").body == "page");
        child.signal(SIGTERM);
        CHECK(child.wait(20'000) == 0);
    }
}
