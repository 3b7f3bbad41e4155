// The text of a script is never sent, whatever is asked for and however.
#include <sys/stat.h>

#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view secret = "pa55word";

/// Runs as a shell script and as Python, and says "ran".
std::string source() {
    return "#!/bin/sh\n# " + std::string(secret) + "\nprintf 'Content-Type: text/plain\\n\\nran'\n";
}

struct Row {
    const char* target;
    int status;
    const char* body = nullptr;
};

}  // namespace

TEST_SUITE("daemon cgi source") {
    TEST_CASE("No path shows the source of a script") {
        const CgiSite site;
        site.script("run.sh", source());
        site.script("sub/deep/run.sh", source());
        site.script("run.sh~", source());
        site.script("run.sh.bak", source());
        site.script("#run.sh#", source());
        site.script(".run.sh.swp", source());
        site.script(".hidden.sh", source());
        site.files().write("cgi-bin/not-executable.sh", source());
        site.files().write("cgi-bin/data.txt", source());
        site.files().write("cgi-bin/index.html", source());
        site.files().write("app/page.py",
                           "# pa55word\nprint('Content-Type: text/plain\\n\\nran', end='')\n");
        site.files().write("app/page.py~", source());
        site.files().write("app/.page.py.swp", source());
        for (const char* ending : {".gz", ".orig", ".old", ".save", ".dpkg-dist"})
            site.files().write(std::string("app/page.py") + ending, source());
        site.files().write("app/#page.py#", source());
        site.files().write("app/plain.txt", "text");
        site.files().symlink("app/link.py", "page.py");
        site.files().symlink("cgi-bin/link.sh", "run.sh");
        site.files().symlink("outside.sh", "/etc/passwd");
        ::mkfifo((site.files() / "cgi-bin/fifo.sh").c_str(), 0777);
        const Row rows[] = {
            {"/cgi-bin/run.sh", 200, "ran"},
            {"/cgi-bin/run.sh/", 200, "ran"},
            {"/cgi-bin/run.sh/more/of/it", 200, "ran"},
            {"/cgi-bin/run.sh//", 200, "ran"},
            {"/cgi-bin/sub/deep/run.sh/x", 200, "ran"},
            {"/cgi-bin/link.sh", 200, "ran"},
            {"//cgi-bin/run.sh", 0},
            {"/CGI-BIN/run.sh", 404},
            {"/%63gi-bin/run.sh", 200, "ran"},
            {"/cgi-bin/%72un.sh", 200, "ran"},
            {"/cgi-bin%2frun.sh", 0},
            {"/cgi-bin/run.sh%00", 0},
            {"/cgi-bin/run.sh%20", 404},
            {"/cgi-bin/run.sh.", 404},
            {"/cgi-bin/run.SH", 404},
            {"/cgi-bin/./run.sh", 0},
            {"/x/../cgi-bin/run.sh", 0},
            {"/cgi-bin/run.sh%2f..", 0},
            {"/cgi-bin/run.sh/../../app/page.py~", 404},
            {"/cgi-bin/none.sh", 404},
            {"/cgi-bin/run.sh~", 404},
            {"/cgi-bin/run.sh.bak", 404},
            {"/cgi-bin/%23run.sh%23", 404},
            {"/cgi-bin/.run.sh.swp", 404},
            {"/cgi-bin/.hidden.sh", 404},
            {"/cgi-bin/not-executable.sh", 403},
            {"/cgi-bin/not-executable.sh/path", 403},
            {"/cgi-bin/data.txt", 403},
            {"/cgi-bin/index.html", 403},
            {"/cgi-bin/fifo.sh", 0},
            {"/cgi-bin", 0},
            {"/cgi-bin/", 403},  // neither a listing nor an index that is not a script
            {"/cgi-bin/sub", 0},
            {"/cgi-bin/sub/", 403},
            {"/app/page.py", 200, "ran"},
            {"/app/page.py/x", 200, "ran"},
            {"/app/page.PY", 404},
            {"/app/link.py", 200, "ran"},
            {"/app/page.py~", 404},
            {"/app/.page.py.swp", 404},
            {"/app/page.py.gz", 404},
            {"/app/page.py.orig", 404},
            {"/app/page.py.old", 404},
            {"/app/page.py.save", 404},
            {"/app/page.py.dpkg-dist", 404},
            {"/app/%23page.py%23", 404},
            {"/app/plain.txt", 200, "text"},
            {"/app/plain.txt/x", 404},
            {"/outside.sh", 404},
        };
        const Daemon daemon({.root = site.root(), .ini = cgi_ini(".py = /usr/bin/python3\n")});
        for (const Row& row : rows) {
            for (const char* encoding : {"identity", "gzip"}) {
                CAPTURE(std::string(row.target));
                const Reply reply = daemon.get(row.target, {{"Accept-Encoding", encoding}});
                if (row.status != 0) CHECK(reply.status == row.status);
                if (row.body != nullptr) CHECK(reply.body == row.body);
                CHECK_FALSE(has(reply.body, secret));
            }
            for (const Fields& fields :
                 {Fields{{"Range", "bytes=0-"}}, Fields{{"If-None-Match", "*"}},
                  Fields{{"If-Modified-Since", "Sat, 21 Nov 2026 00:00:00 GMT"}},
                  Fields{{"Translate", "f"}}})
                CHECK_FALSE(has(daemon.get(row.target, fields).body, secret));
        }
        HttpClient client(daemon.endpoint());
        for (const char* method : {"PUT", "DELETE", "OPTIONS", "POST", "PATCH", "PROPFIND"})
            CHECK_FALSE(has(client.request(method, "/app/page.py", {{"Content-Length", "0"}}).body,
                            secret));
        CHECK_FALSE(has(daemon.get("/app/").body, "page.py~"));  // nor does a listing name copies
    }

    TEST_CASE("Without CGI in the settings nothing is run, and with --cgi what is in /cgi-bin") {
        const CgiSite site;
        site.script("run.sh", source());
        {
            const Daemon daemon({.root = site.root()});
            CHECK(daemon.get("/cgi-bin/run.sh").body == source());
            CHECK(daemon.request("POST", "/cgi-bin/run.sh", {{"Content-Length", "0"}}).status >=
                  400);
        }
        const Daemon daemon({.root = site.root(), .arguments = {"--cgi"}});
        CHECK(daemon.get("/cgi-bin/run.sh").body == "ran");
        CHECK(daemon.get("/cgi-bin/none").status == 404);
    }

    TEST_CASE("Each host has its own scripts") {
        const CgiSite site, other;
        site.script("run.sh", source());
        other.script("run.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' \"$WHO\"\n");
        other.program("progs/run.sh",
                      "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' \"$WHO\"\n");
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini() + "[site b.example]\nroot = " + other.root() +
                                    "\n[cgi b.example]\ndirectories = /progs\n"
                                    "[cgi.env b.example]\nWHO = b\n"});
        CHECK(daemon.get("/cgi-bin/run.sh").body == "ran");
        CHECK(daemon.get("/progs/run.sh", {{"Host", "b.example"}}).body == "b");
        CHECK(daemon.get("/progs/run.sh").status == 404);
    }

    TEST_CASE("An index that is a script runs, and an error page is not a way around") {
        const CgiSite site;
        site.files().write("index.py",
                           "# pa55word\nprint('Content-Type: text/plain\\n\\nindex', end='')\n");
        site.files().write("error.py",
                           "# pa55word\nprint('Content-Type: text/plain\\n\\nerror', end='')\n");
        site.files().write("sub/index.py",
                           "# pa55word\nprint('Content-Type: text/plain\\n\\nsub', end='')\n");
        Daemon daemon({.root = site.root(),
                       .ini = "index = index.html index.py\nerror_page = 404 /error.py\n"
                              "spa = /index.py\n"
                              "[cgi]\n.py = /usr/bin/python3\n",
                       .expected_log = {"error_page 404 '/error.py' cannot be"}});
        CHECK(daemon.get("/").body == "index");
        CHECK(daemon.get("/sub/").body == "sub");
        const Reply error = daemon.get("/none.txt");
        CHECK(error.status == 404);
        CHECK_FALSE(has(error.body, secret));
        CHECK_FALSE(has(daemon.get("/some/route").body, secret));
    }

    TEST_CASE("X-Sendfile names files of the listed directories only, and these are served well") {
        const TempDir files, other;
        files.write("a.txt", "0123456789");
        other.write("b.txt", "pa55word");
        files.symlink("link.txt", (other / "b.txt").string());
        const CgiSite site;
        site.script("send.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/x-a\\nX-Sendfile: %s\\n\\nignored' "
                    "\"$QUERY_STRING\"\n");
        Daemon daemon({.root = site.root(),
                       .ini = cgi_ini("sendfile = " + files.str() + "\n"),
                       .expected_log = {"send.sh"}});
        const std::string target = "/cgi-bin/send.sh?" + (files / "a.txt").string();
        const Reply reply = daemon.get(target);
        CHECK(reply.status == 200);
        CHECK(reply.body == "0123456789");
        CHECK(reply.get("Content-Type") == "text/x-a");
        const Reply part = daemon.get(target, {{"Range", "bytes=2-4"}});
        CHECK(part.status == 206);
        CHECK(part.body == "234");
        CHECK(daemon.get(target, {{"If-None-Match", reply.get("ETag")}}).status == 304);
        for (const std::string& bad :
             {(other / "b.txt").string(), (files / "link.txt").string(), (files / "none").string(),
              files.str() + "/../" + other.path().filename().string() + "/b.txt",
              files.str() + "x/b.txt", std::string("/etc/passwd"), std::string("a.txt")}) {
            CAPTURE(bad);
            const Reply refused = daemon.get("/cgi-bin/send.sh?" + bad);
            CHECK(refused.status >= 400);
            CHECK_FALSE(has(refused.body, secret));
            CHECK_FALSE(has(refused.body, "root:"));
        }
    }
}
