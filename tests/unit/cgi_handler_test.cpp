// CGIHTTPRequestHandler without a network: what its scripts answer, and what the log says.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/in_process_scripts.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

using Answer = MemoryServer::Answer;

std::string ask(std::string_view method, std::string_view target, std::string_view fields = {}) {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" +
           std::string(fields) + "\r\n";
}
std::string get(std::string_view target, std::string_view fields = {}) {
    return ask("GET", target, fields);
}

const LogField* field(const Answer& answer, std::string_view name) {
    const auto found = std::find_if(answer.log_fields.begin(), answer.log_fields.end(),
                                    [&](const LogField& f) { return f.name == name; });
    return found == answer.log_fields.end() ? nullptr : &*found;
}

/// A script that is slow for want of a processor is answered in chunks.
std::string content(const Answer& answer) {
    const RawReply reply = parse_reply(answer.bytes);
    CHECK(reply.whole);
    return reply.body;
}

constexpr std::string_view echo =
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s %s %s [' \"$REQUEST_METHOD\" "
    "\"$CONTENT_LENGTH\" \"$PATH_INFO?$QUERY_STRING\"\ncat\nprintf ']'\n";

struct Row {
    const char* output;  ///< of the script, for printf
    int status;
    const char* line;  ///< one of the head; or nullptr
    const char* body;  ///< or nullptr: of our own
    const char* log;   ///< part of it; nullptr: nothing is logged
};

const Row rows[] = {
    {"Content-Type: text/plain\\n\\nhello", 200, "Content-Type: text/plain", "hello", nullptr},
    {"Content-Type: text/plain\\r\\n\\r\\n", 200, "Content-Type: text/plain", "", nullptr},
    {"Status: 418 Teapot\\nContent-Type: a/b\\n\\nshort", 418, "Content-Type: a/b", "short",
     nullptr},
    {"Location: http://e.example/\\n\\n", 302, "Location: http://e.example/", "", nullptr},
    {"Location: /file.txt\\n\\n", 200, "Content-Length: 6", "static", nullptr},
    {"Location: /cgi-bin/echo?a=b\\n\\n", 200, nullptr, "GET  ?a=b []", nullptr},
    {"Location: /none\\n\\n", 404, nullptr, nullptr, nullptr},
    {"", 502, nullptr, nullptr, "502: "},
    {"no header", 502, nullptr, nullptr, "502: "},
    {"Content-Type: a/b\\nContent-Length: 2\\n\\nlong", 200, "Content-Length: 2", "lo",
     "it wrote 2 bytes more than the Content-Length that it announced; they were dropped"},
};

}  // namespace

TEST_SUITE("CGIHTTPRequestHandler") {
    TEST_CASE("An answer is what the script says, and what is wrong with it stands in the log") {
        for (const Row& row : rows) {
            CAPTURE(std::string(row.output));
            const InProcessScripts site;
            site.files().write("file.txt", "static");
            site.script("echo", echo);
            site.printing("s", row.output);
            MemoryServer server(site.handler());
            const Answer answer = server.run(get("/cgi-bin/s?query"));
            CHECK(answer.status == row.status);
            CHECK(answer.bytes.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
            if (row.line != nullptr) CHECK(answer.has(row.line));
            if (row.body != nullptr) CHECK(content(answer) == row.body);
            CHECK(answer.logged);
            CHECK(answer.turns == 1);
            std::string log = server.error_log();
            if (row.log != nullptr)
                CHECK(has(log, row.log));
            else
                CHECK_FALSE(has(log, "cript "));
        }
    }

    TEST_CASE("HEAD gets the fields and no content") {
        const InProcessScripts site;
        site.printing("s", "Content-Type: text/plain\\nX-A: 1\\n\\nhello");
        site.printing("bad", "bad");
        MemoryServer server(site.handler());
        const Answer answer = server.run(ask("HEAD", "/cgi-bin/s"));
        CHECK(answer.status == 200);
        CHECK(answer.has("X-A: 1"));
        CHECK(answer.body() == "");
        CHECK(answer.body_bytes == 0);
        CHECK_FALSE(answer.close);
        CHECK(server.run(ask("HEAD", "/cgi-bin/bad")).body() == "");
    }

    TEST_CASE(
        "Every method but TRACE and CONNECT runs the script; with its body, when it has one") {
        const InProcessScripts site;
        site.script("echo", echo);
        site.files().write("file.txt", "static");
        MemoryServer server(site.handler());
        for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "SPAM"}) {
            CAPTURE(method);
            const std::string target = "/cgi-bin/echo/p/q?a=b";
            for (const bool later : {false, true}) {
                const Answer answer =
                    server.run(ask(method, target, "Content-Length: 5\r\n") + "hello", later);
                CHECK(content(answer) == method + " 5 /p/q?a=b [hello]");
                CHECK(answer.turns == (later ? 2 : 1));
            }
            CHECK(content(server.run(ask(method, target))) == method + "  /p/q?a=b []");
        }
        CHECK(server.run(ask("TRACE", "/cgi-bin/echo")).status == 405);
        CHECK(server.run(ask("SPAM", "/file.txt")).status == 501);
        CHECK(server.run(ask("POST", "/file.txt")).status == 405);
    }

    TEST_CASE("A script that answers without reading its body costs nothing") {
        const InProcessScripts site;
        site.printing("s", "Content-Type: a/b\\n\\nno, thanks");
        MemoryServer server(site.handler());
        const std::string body(1'000'000, 'x');
        const Answer answer =
            server.run(ask("POST", "/cgi-bin/s", "Content-Length: 1000000\r\n") + body, true);
        CHECK(content(answer) == "no, thanks");
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("A script that speaks HTTP itself is passed on as it is, and the connection closes") {
        const InProcessScripts site;
        site.printing("nph-s", "HTTP/1.0 203 Own Words\\r\\nX: y\\r\\n\\r\\nbody");
        MemoryServer server(site.handler());
        const Answer answer = server.run(get("/cgi-bin/nph-s"));
        CHECK(answer.bytes == "HTTP/1.0 203 Own Words\r\nX: y\r\n\r\nbody");
        CHECK(answer.status == 203);
        CHECK(answer.close);
        CHECK(answer.logged);
    }

    TEST_CASE("What is in a directory for scripts is never shown") {
        const InProcessScripts site;
        site.files().write("cgi-bin/plain", "secret");
        site.files().write("cgi-bin/s.sh~", "secret");
        site.files().write("cgi-bin/.hidden", "secret");
        site.files().symlink("way-in", "cgi-bin/plain");
        site.script("text", "secret");
        MemoryServer server(site.handler());
        const std::pair<const char*, int> targets[] = {
            {"/cgi-bin/plain", 403},   {"/cgi-bin/s.sh~", 404}, {"/cgi-bin/.hidden", 404},
            {"/cgi-bin/none", 404},    {"/cgi-bin/", 403},      {"/cgi-bin", 403},
            {"/way-in", 403},          {"/cgi-bin/%", 400},     {"/x/../cgi-bin/plain", 403},
            {"/%63gi-bin/plain", 403}, {"/cgi-bin/text", 502},
        };
        for (const auto& [target, status] : targets) {
            CAPTURE(target);
            const Answer answer = server.run(get(target));
            CHECK(answer.status == status);
            CHECK_FALSE(has(answer.bytes, "secret"));
        }
        CHECK(has(server.error_log(), "it is no program and does not begin with #!"));
    }

    TEST_CASE("A local redirect is a GET without the body, and ten of them are enough") {
        const InProcessScripts site;
        site.script("echo", echo);
        site.printing("to-echo", "Location: /cgi-bin/echo/p?x=1\\n\\n");
        site.printing("circle", "Location: /cgi-bin/circle\\n\\n");
        MemoryServer server(site.handler());
        const Answer answer =
            server.run(ask("POST", "/cgi-bin/to-echo", "Content-Length: 5\r\n") + "hello");
        CHECK(content(answer) == "GET  /p?x=1 []");
        CHECK(server.run(get("/cgi-bin/circle")).status == 502);
        CHECK(has(server.error_log(), "502: more than 10 local redirects"));
    }

    TEST_CASE("A script of another language runs by its extension, anywhere in the site") {
        InProcessScripts site;
        site.settings->interpreters = {{".txt", "/bin/cat"}, {".bad", "/nonexistent/program"}};
        site.files().write("a/page.TXT", "Content-Type: a/b\n\nby cat");
        site.files().write("a/page.txt.bak", "secret");
        site.files().write("page.bad", "secret");
        MemoryServer server(site.handler());
        CHECK(content(server.run(get("/a/page.TXT"))) == "by cat");
        CHECK(content(server.run(get("/a/page.TXT/info"))) == "by cat");
        CHECK(server.run(get("/a/page.txt.bak")).status == 404);
        CHECK(server.run(get("/page.bad")).status == 502);
        CHECK_FALSE(has(server.run(get("/a/")).bytes, "page.txt.bak"));
        CHECK(has(server.error_log(), "502: its program does not exist"));
    }

    TEST_CASE("A script that says nothing in its time is 504, one that dies is 502") {
        InProcessScripts site;
        site.settings->timeouts.first_byte = 30ms;
        site.settings->timeouts.grace = 30ms;
        site.script("hang", "#!/bin/sh\nexec tail -f /dev/null\n");
        site.script("dies", "#!/bin/sh\nkill -9 $$\n");
        site.script("fails", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\nx'\nexit 3\n");
        MemoryServer server(site.handler());
        const Answer late = server.run(get("/cgi-bin/hang"));
        CHECK(late.status == 504);
        REQUIRE(field(late, "script_signal") != nullptr);
        CHECK(field(late, "script_signal")->number == 15);
        site.settings->timeouts.first_byte = 20s;
        CHECK(server.run(get("/cgi-bin/dies")).status == 502);
        const Answer fails = server.run(get("/cgi-bin/fails"));
        CHECK(content(fails) == "x");
        REQUIRE(field(fails, "script_exit") != nullptr);
        CHECK(field(fails, "script_exit")->number == 3);
        const std::string log = server.error_log();
        CHECK(has(log, "504: no output for 30 ms after it was started"));
        CHECK(has(log, "signal 9 (Killed)"));
        CHECK(has(log, "exit status 3 after its answer"));
        CHECK(has(log, " error: Script /cgi-bin/fails (id "));
    }

    TEST_CASE("The access line tells of the run, and the id is the script's UNIQUE_ID") {
        const InProcessScripts site;
        site.script("id", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\n%s %s' $UNIQUE_ID $$\n");
        MemoryServer server(site.handler());
        const Answer answer = server.run(get("/cgi-bin/id"));
        for (const char* name :
             {"id", "script_pid", "script_exit", "script_user_us", "script_system_us",
              "script_peak_kib", "script_spawn_us", "script_first_byte_us"}) {
            CAPTURE(name);
            CHECK(field(answer, name) != nullptr);
        }
        REQUIRE(field(answer, "script_pid") != nullptr);
        CHECK(content(answer) == field(answer, "id")->text + " " +
                                     std::to_string(field(answer, "script_pid")->number));
        CHECK(server.run(get("/none")).log_fields.empty());
    }

    TEST_CASE(
        "An HTTP/1.0 answer without length that breaks off is cut, a chunked one unfinished") {
        const InProcessScripts site;
        site.script("dies",
                    "#!/bin/sh\nprintf 'Content-Type: text/event-stream\\n\\nx'\n"
                    "kill -9 $$\n");
        MemoryServer server(site.handler());
        const Answer old = server.run("GET /cgi-bin/dies HTTP/1.0\r\n\r\n");
        CHECK(old.body() == "x");
        CHECK(old.cut_off);
        CHECK(old.close);
        const Answer chunked = server.run(get("/cgi-bin/dies"));
        CHECK(chunked.body() == "1\r\nx\r\n");
        CHECK_FALSE(chunked.cut_off);
        CHECK(chunked.close);
        CHECK(has(server.error_log(), "it died before its output was complete"));
    }

    TEST_CASE("Less content than was announced is 502, or where it has begun an answer cut off") {
        const InProcessScripts site;
        site.printing("s", "Content-Type: a/b\\nContent-Length: 9\\n\\nshort");
        site.printing("long", "Content-Type: a/b\\nContent-Length: 100000\\n\\nx");
        MemoryServer server(site.handler());
        const Answer answer = server.run(get("/cgi-bin/s"));
        if (answer.status != 502) {  // it took its time to end
            CHECK(answer.body() == "short");
            CHECK(answer.close);
        }
        const Answer begun = server.run(get("/cgi-bin/long"));
        CHECK(begun.has("Content-Length: 100000"));
        CHECK(begun.body() == "x");
        CHECK(begun.close);
        CHECK(has(server.error_log(),
                  "its output ended 4 bytes before the Content-Length that it announced"));
    }
}
