// Scripts that fail in every way: the answer, the one line that explains it, and nothing left.
#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

/// status 0: cut or 502, whichever comes first. whole: all of the answer came.
struct Failure {
    const char* name;
    const char* script;
    int status;
    bool whole;
    std::vector<std::string> log;  ///< in the only line at level warning or error
    const char* body = nullptr;
};

#define HEADER "printf 'Content-Type: text/plain\\n\\n'\n"

const Failure failures[] = {
    {"crashes before its header", "kill -SEGV $$\n", 502, true, {"signal 11"}},
    {"crashes within its header",
     "printf 'Content-Type: te'\nkill -SEGV $$\n",
     502,
     true,
     {"signal 11"}},
    {"crashes after its header", HEADER "kill -ABRT $$\n", 0, false, {"signal 6"}},
    {"crashes within its content",
     HEADER "printf '%500000d' 1\nkill -SEGV $$\n",
     200,
     false,
     {"signal 11"}},
    {"exits with 1 and nothing", "exit 1\n", 502, true, {"exit status 1"}},
    {"writes nothing", "exit 0\n", 502, true, {"wrote nothing"}},
    {"cannot be executed", nullptr, 502, true, {"/no/such/interpreter"}},
    {"writes no header", "echo hello\n", 502, true, {"hello"}},
    {"writes HTML at once", "echo '<html><p>hello: you</p>'\n", 502, true, {"<html>"}},
    {"ends within its header", "printf 'Content-Type: text/plain\\n'\n", 502, true, {"header"}},
    {"has a header of 1 MB", "printf 'X: %1000000d\\n\\n' 1\n", 502, true, {"header"}},
    {"has a header of many lines", "yes 'X: y' | head -n 200000\n", 502, true, {"header"}},
    {"names a bad status", "printf 'Status: fine\\n\\n'\n", 502, true, {"Status"}},
    {"names two lengths",
     "printf 'Content-Length: 1\\nContent-Length: 2\\n\\nxx'\n",
     502,
     true,
     {"Content-Length"}},
    {"hangs before output", "exec tail -f /dev/null\n", 504, true, {"300"}},
    {"hangs within its header",
     "printf 'Content-Type: te'\nexec tail -f /dev/null\n",
     504,
     true,
     {"300"}},
    {"hangs within its content",
     HEADER "printf '%500000d' 1\nexec tail -f /dev/null\n",
     200,
     false,
     {"300"}},
    {"hangs after its content",
     "printf 'Content-Length: 5\\nContent-Type: text/plain\\n\\nhello'\nexec tail -f /dev/null\n",
     200,
     true,
     {"300"},
     "hello"},
    {"closes its output and goes on",
     HEADER "printf hello\nexec >&-\nread line <../never\n",
     200,
     true,
     {"300"},
     "hello"},
    {"closes all and goes on",
     HEADER "printf hello\nexec <&- >&- 2>&-\nread line <../never\n",
     200,
     true,
     {"300"},
     "hello"},
    {"ignores TERM", "trap '' TERM\nwhile :; do read line <../never; done\n", 504, true, {"300"}},
    {"ignores TERM with children",
     "trap '' TERM\nfor i in 1 2 3; do setsid sh -c 'while :; do read line <../never; done' & "
     "done\nwait\n",
     504,
     true,
     {"300"}},
    {"leaves TERM to its child only",
     "trap 'exit 1' TERM\ntail -f /dev/null &\nwait\n",
     504,
     true,
     {"300"}},
    {"writes on after its length",
     "printf 'Content-Length: 5\\nContent-Type: text/plain\\n\\nhello and more'\n",
     200,
     true,
     {"Content-Length"},
     "hello"},
    {"writes a MB after its length",
     "printf 'Content-Length: 5\\nContent-Type: text/plain\\n\\nhello%1000000d' 1\n",
     200,
     true,
     {"Content-Length"},
     "hello"},
    {"writes less than its length",
     "printf 'Content-Length: 9\\nContent-Type: text/plain\\n\\nhello'\n",
     0,
     false,
     {"Content-Length"}},
    {"writes much less than its length",
     "printf 'Content-Length: 900000\\nContent-Type: text/plain\\n\\n%500000d' 1\n",
     200,
     false,
     {"Content-Length"}},
};

#undef HEADER

/// One request for a script that fails; the only report of it.
void check_failure(const Failure& failure) {
    CAPTURE(std::string(failure.name));
    const CgiSite site;
    const Fd never = site.fifo("never");
    site.files().write("file.txt", "static");
    site.script("bad.sh", failure.script != nullptr ? std::string("#!/bin/sh\n") + failure.script
                                                    : "#!/no/such/interpreter\n");
    site.script("good.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\ngood'\n");
    // On a slow machine other scripts may take as long as that.
    const bool hangs = failure.log.front() == "300";
    Daemon daemon({.root = site.root(),
                   .ini = cgi_ini(hangs ? "timeout = 300ms\ngrace = 100ms\n" : ""),
                   .expected_log = {"bad.sh"}});
    const RawReply reply = raw_get(daemon, "/cgi-bin/bad.sh");
    CAPTURE(reply.head);
    if (failure.status != 0)
        CHECK(reply.status == failure.status);
    else
        CHECK((reply.status == 502 || (reply.status == 200 && !reply.whole)));
    if (failure.status != 0) CHECK(reply.whole == failure.whole);
    if (failure.body != nullptr) CHECK(reply.body == failure.body);
    CHECK(daemon.get("/cgi-bin/good.sh").body == "good");
    CHECK(daemon.get("/file.txt").body == "static");
    CHECK(site.idle(daemon));
    daemon.stop();
    const auto logged = reports(daemon);
    CAPTURE(daemon.error_log());
    CHECK(logged.size() == 1);
    for (const std::string& part : failure.log)
        CHECK_MESSAGE((!logged.empty() && has(logged.front(), part)), "not logged: " << part);
}

}  // namespace

TEST_SUITE("daemon cgi failing scripts") {
    TEST_CASE("A script that fails has a clear answer, one line in the log, and leaves nothing") {
        for (const Failure& failure : failures) check_failure(failure);
    }

    TEST_CASE("The answer to a failure keeps its connection, and does not tell what happened") {
        const CgiSite site;
        site.script("bad.sh", "#!/bin/sh\necho secret >&2\necho secret\nexit 3\n");
        site.files().write("file.txt", "static");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini(), .expected_log = {"secret"}});
        HttpClient client(daemon.endpoint());
        for (int i = 0; i < 3; ++i) {
            const Reply reply = client.get("/cgi-bin/bad.sh");
            CHECK(reply.status == 502);
            CHECK_FALSE(has(reply.body, "secret"));
            CHECK(client.get("/file.txt").body == "static");
        }
    }

    TEST_CASE("An error page is sent for a script that fails, and not for its own error") {
        const CgiSite site;
        site.script("bad.sh", "#!/bin/sh\nexit 1\n");
        site.script("own.sh", "#!/bin/sh\nprintf 'Status: 502 Mine\\n\\nown text'\n");
        site.files().write("502.html", "nice page");
        const Daemon daemon({.root = site.root(),
                             .ini = "error_page = 502 /502.html\n" + cgi_ini(),
                             .expected_log = {"bad.sh"}});
        const Reply bad = daemon.get("/cgi-bin/bad.sh");
        CHECK(bad.status == 502);
        CHECK(bad.body == "nice page");
        const Reply own = daemon.get("/cgi-bin/own.sh");
        CHECK(own.status == 502);
        CHECK(own.reason == "Mine");
        CHECK(own.body == "own text");
    }

    TEST_CASE("Deadlines: until the first output, in between, and for the whole run") {
        struct Row {
            const char* ini;
            const char* script;
            int status;
        };
        const Row rows[] = {
            {"first_byte = 200ms\ntimeout = 1h\n", "exec tail -f /dev/null\n", 504},
            {"first_byte = 1h\ntimeout = 200ms\n",
             "printf 'Content-Type: text/plain\\n\\n%99999d' 1\nexec tail -f /dev/null\n", 200},
            {"total = 2s\n", "printf 'Content-Type: text/plain\\n\\n'\nexec yes\n", 200},
            {"total = 200ms\n", "exec tail -f /dev/null\n", 504},
        };
        for (const Row& row : rows) {
            CAPTURE(std::string(row.ini));
            const CgiSite site;
            site.script("slow.sh", std::string("#!/bin/sh\n") + row.script);
            const Daemon daemon(
                {.root = site.root(), .ini = cgi_ini(row.ini), .expected_log = {"slow.sh"}});
            const RawReply reply = raw_get(daemon, "/cgi-bin/slow.sh");
            CHECK(reply.status == row.status);
            CHECK(reply.whole == (row.status == 504));
            CHECK(site.idle(daemon));
        }
    }

    TEST_CASE("A script that writes now and then is not silent") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("tick.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                    "while read -r line; do echo \"$line\"; [ \"$line\" = 59 ] && exit; "
                    "done <../go\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini("timeout = 500ms\n")});
        HttpClient client(daemon.endpoint());
        client.send("GET /cgi-bin/tick.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(client.receive_head().status == 200);
        std::string text;
        for (int i = 0; i < 60; ++i) {
            // A wait that is shorter than the deadline; all of them together are longer.
            daemon.child().until([] { return false; }, 10);
            write_line(fifo, std::to_string(i));
            while (!has(text, "\n" + std::to_string(i) + "\n")) {
                const std::string piece = client.read_some(4096);
                REQUIRE(!piece.empty());
                text += piece;
            }
        }
    }
}
