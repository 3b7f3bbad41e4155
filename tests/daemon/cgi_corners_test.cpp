// What fresh eyes found: scripts that go on behind their answer, links, options in queries, ends.
#include <sys/wait.h>

#include <csignal>
#include <filesystem>

#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

std::string printing(std::string_view output) {
    return "#!/bin/sh\nprintf '" + std::string(output) + "'\n";
}

/// Says `output`, then waits for a line of the FIFO "go" and makes the file "done".
std::string going_on(std::string_view output) {
    return printing(output) + "exec >&-\nread line <../go\necho \"$line\" >../done\n";
}

}  // namespace

TEST_SUITE("daemon cgi corners") {
    TEST_CASE("A script goes on behind a file or path that it named, as behind its own answer") {
        for (const char* kind : {"X-Sendfile: ROOT/file.txt\\n\\n", "Location: /file.txt\\n\\n",
                                 "Content-Type: text/plain\\n\\nstatic"}) {
            CAPTURE(std::string(kind));
            const CgiSite site;
            const Fd fifo = site.fifo("go");
            std::string output = kind;
            if (const std::size_t at = output.find("ROOT"); at != output.npos)
                output.replace(at, 4, site.root());
            site.files().write("file.txt", "static");
            site.script("on.sh", going_on(output));
            const Daemon daemon(
                {.root = site.root(), .ini = cgi_ini("sendfile = " + site.root() + "\n")});
            HttpClient client(daemon.endpoint());
            CHECK(client.get("/cgi-bin/on.sh").body == "static");
            CHECK(client.get("/file.txt").body == "static");
            write_line(fifo, "went on");
            CHECK(site.idle(daemon));
            CHECK(read_text(site.files() / "done") == "went on\n");
        }
    }

    TEST_CASE("A local redirect gives back its place before the next script asks for one") {
        const CgiSite site;
        site.script("a.sh", printing("Location: /cgi-bin/b.sh\\n\\n"));
        site.script("b.sh", printing("Content-Type: text/plain\\n\\nb"));
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini("children = 1\nper_script = 1\nqueue = 0\n")});
        for (int i = 0; i < 5; ++i) CHECK(daemon.get("/cgi-bin/a.sh").body == "b");
    }

    TEST_CASE("A local redirect to no path is 502, and the log says where it went") {
        const CgiSite site;
        site.script("a.sh", printing("Location: /a%%zz\\n\\n"));
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini(), .expected_log = {"local redirect goes to"}});
        CHECK(daemon.get("/cgi-bin/a.sh").status == 502);
    }

    TEST_CASE("Answers without content are framed so, whatever the script says") {
        struct Row {
            const char* output;
            int status;
            const char* length;
        };
        for (const Row& row : {
                 Row{"Status: 204\\nContent-Length: 0\\n\\n", 204, ""},
                 Row{"Status: 204\\nContent-Length: 5\\n\\n12345", 204, ""},
                 Row{"Status: 304\\nETag: \"x\"\\nContent-Length: 1234\\n\\n", 304, ""},
                 Row{"Status: 205\\nContent-Type: a/b\\n\\nabc", 205, "0"},
             }) {
            CAPTURE(std::string(row.output));
            const CgiSite site;
            site.script("a.sh", printing(row.output));
            const Daemon daemon({.root = site.root(), .ini = cgi_ini("etag = on\n")});
            HttpClient client(daemon.endpoint());
            for (int i = 0; i < 2; ++i) {
                const Reply reply = client.get("/cgi-bin/a.sh");
                CHECK(reply.status == row.status);
                CHECK(reply.body == "");
                CHECK(reply.get("Content-Length") == row.length);
            }
        }
    }

    TEST_CASE("A link to a script shows no source, wherever it is") {
        const CgiSite site;
        site.files().mkdir("app");
        site.files().write("app/page.py", "secret");
        site.files().mkdir("real");
        site.program("real/run.sh", "#!/bin/sh\n# secret\n");
        namespace fs = std::filesystem;
        fs::create_symlink("app/page.py", site.files() / "page.txt");
        fs::create_symlink("../real", site.files() / "cgi-bin/more");
        fs::create_directory_symlink("real", site.files() / "scripts");
        fs::create_directory_symlink("cgi-bin", site.files() / "alias");
        site.script("own.sh", "#!/bin/sh\n# secret\n");
        const Daemon daemon(
            {.root = site.root(),
             .ini = cgi_ini("directories = /cgi-bin /scripts\n.py = /usr/bin/python3\n")});
        for (const char* path : {"/page.txt", "/real/run.sh", "/alias/own.sh"}) {
            CAPTURE(std::string(path));
            const Reply reply = daemon.get(path);
            CHECK(reply.status == 403);
            CHECK_FALSE(has(reply.body, "secret"));
        }
    }

    TEST_CASE("A query is no option of a script's program") {
        if (!has_all({"/usr/bin/gawk"})) return;
        const CgiSite site;
        site.script("a.cgi",
                    "#!/usr/bin/gawk -f\nBEGIN { printf \"Content-Type: text/plain\\n\\n%d\", ARGC "
                    "}\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        CHECK(daemon.get("/cgi-bin/a.cgi?one+two").body == "3");
        const Reply reply = daemon.get("/cgi-bin/a.cgi?-e+BEGIN%7Bsystem(%22id%22)%7D");
        CHECK(reply.body == "1");
    }

    TEST_CASE("A file that may not run is 403, and a line says why") {
        const CgiSite site;
        site.files().write("cgi-bin/data.txt", "secret");
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        CHECK(daemon.get("/cgi-bin/data.txt").status == 403);
        CHECK(has(daemon.access_log(1), "403 "));
        CHECK(has(daemon.access_log(1), " id="));
        daemon.stop();
        CHECK(has(daemon.error_log(), "Script /cgi-bin/data.txt (id "));
    }

    TEST_CASE("The daemon's end does not wait for a script that goes on behind its answer") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("on.sh", going_on("Content-Type: text/plain\\n\\nanswer"));
        Daemon daemon(
            {.root = site.root(), .ini = cgi_ini("timeout = 1h\n[timeouts]\nshutdown = 1h\n")});
        CHECK(daemon.get("/cgi-bin/on.sh").body == "answer");
        CHECK(site.runs(daemon, 1));
        daemon.child().signal(SIGTERM);
        daemon.child().until([] { return false; });
        daemon.stop();
        CHECK(site.processes().empty());
        CHECK_FALSE(std::filesystem::exists(site.files() / "done"));
    }

    TEST_CASE("A second SIGTERM ends scripts with the daemon, and what is in their group") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("stuck.sh", "#!/bin/sh\ntrap '' TERM\ntail -f /dev/null &\nread line <../go\n");
        const TempDir work;
        auto [listening, endpoint] = listening_socket();
        ChildOptions options;
        options.arguments = {"--root", site.root(), "--cgi", "--access-log", "off"};
        options.listening = listening.get();
        options.out = work / "out";
        options.err = work / "err";
        Child child(options);
        RawClient client(endpoint.port);
        client.send("GET /cgi-bin/stuck.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(child.until([&] { return site.processes().size() == 2; }));
        child.signal(SIGTERM);
        CHECK(child.until([&] { return has(read_text(work / "err"), "Stopping"); }));
        child.signal(SIGTERM);
        const auto status = child.wait(20'000);
        REQUIRE(status);
        CHECK(WEXITSTATUS(*status) == 1);
        listening.reset();
        const TempDir empty;
        const Daemon other({.root = empty.str()});
        CHECK(site.idle(other));
    }
}
