// CGIHTTPRequestHandler without a network: turns, files that scripts name, and ETags.
#include <doctest/doctest.h>

#include <array>

#include "handlers/cgi/script_gate.hpp"
#include "tests/support/in_process_scripts.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;

namespace {

using Answer = MemoryServer::Answer;

std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_SUITE("CGIHTTPRequestHandler turns") {
    struct OneAtATime : InProcessScripts {
        ScriptGate* gate;
        OneAtATime() {
            settings->gate = std::make_shared<ScriptGate>(
                ScriptGate::Limits{.children = 1, .per_script = 1, .queue = 2});
            gate = settings->gate.get();
            printing("s", "Content-Type: a/b\\nContent-Length: 2\\n\\nok");
        }
    };

    TEST_CASE_FIXTURE(OneAtATime, "A request waits for its script's turn without its thread") {
        MemoryServer server(handler());
        auto other = gate->enter("other", [] {});
        server.while_waiting = [&] { other.release(); };
        const Answer answer = server.run(get("/cgi-bin/s"));
        CHECK(answer.body() == "ok");
        CHECK(answer.turns == 2);
        CHECK(gate->enter("next", [] {}).admitted());  // it has given back its place
    }

    TEST_CASE_FIXTURE(OneAtATime, "A request that waits too long for its turn is 503") {
        MemoryServer server(handler());
        const auto other = gate->enter("other", [] {});
        const Answer answer = server.run(get("/cgi-bin/s"));
        CHECK(answer.status == 503);
        CHECK(answer.has("Retry-After: 5"));
        CHECK(answer.turns == 2);
        CHECK(has(server.error_log(), "503: not started, it waited too long in the queue"));
    }

    TEST_CASE_FIXTURE(OneAtATime, "Where the queue is full a request is refused at once") {
        MemoryServer server(handler());
        std::array tickets{gate->enter("a", [] {}), gate->enter("b", [] {}),
                           gate->enter("c", [] {})};
        const Answer answer = server.run(get("/cgi-bin/s"));
        CHECK(answer.status == 503);
        CHECK(answer.turns == 1);
        for (auto& ticket : tickets) ticket.release();
        CHECK(server.run(get("/cgi-bin/s")).status == 200);
    }

    TEST_CASE("A script gives back its place before its redirect asks for one") {
        InProcessScripts site;
        site.settings->gate = std::make_shared<ScriptGate>(
            ScriptGate::Limits{.children = 1, .per_script = 1, .queue = 0});
        site.printing("s", "Content-Type: a/b\\nContent-Length: 2\\n\\nok");
        site.printing("to-s", "Location: /cgi-bin/s\\n\\n");
        MemoryServer server(site.handler());
        const Answer answer = server.run(get("/cgi-bin/to-s"));
        CHECK(answer.status == 200);
        CHECK(answer.turns == 1);
    }
}

TEST_SUITE("CGIHTTPRequestHandler files and ETags") {
    TEST_CASE("X-Sendfile makes the file the content, where it is allowed") {
        InProcessScripts site;
        const TempDir files, elsewhere;
        files.write("a.txt", "0123456789");
        files.write("cgi-bin/plain", "no script here");
        files.symlink("out", elsewhere.write("secret", "secret").string());
        site.settings->sendfile = {make_site(files.str())};
        const auto sending = [&](const char* name, const std::string& path) {
            site.printing(name,
                          "X-Sendfile: " + path + "\\nContent-Type: own/type\\nX-A: b\\n\\nx");
        };
        sending("a", files.str() + "/a.txt");
        sending("plain", files.str() + "/cgi-bin/plain");
        sending("none", files.str() + "/none");
        sending("out", files.str() + "/out");
        sending("up", files.str() + "/../" + elsewhere.path().filename().string() + "/secret");
        sending("elsewhere", elsewhere.str() + "/secret");
        MemoryServer server(site.handler());
        const Answer answer = server.run(get("/cgi-bin/a"));
        CHECK(answer.body() == "0123456789");
        CHECK(answer.has("Content-Type: own/type"));
        CHECK(answer.has("X-A: b"));
        CHECK_FALSE(has(answer.head(), "X-Sendfile"));
        CHECK(server.run(get("/cgi-bin/plain")).body() == "no script here");
        const Answer part = server.run(get("/cgi-bin/a", "Range: bytes=3-5\r\n"));
        CHECK(part.status == 206);
        CHECK(part.body() == "345");
        CHECK(part.has("Content-Range: bytes 3-5/10"));
        const Answer head = server.run("HEAD /cgi-bin/a HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(head.has("Content-Length: 10"));
        CHECK(head.body() == "");
        for (const auto& [name, status] :
             {std::pair{"none", 404}, {"out", 404}, {"elsewhere", 403}}) {
            CAPTURE(name);
            CHECK(server.run(get("/cgi-bin/" + std::string(name))).status == status);
        }
        const Answer up = server.run(get("/cgi-bin/up"));
        CHECK(up.status >= 400);
        CHECK_FALSE(has(up.bytes, "secret"));
        CHECK(has(server.error_log(), "403: X-Sendfile '"));
    }

    TEST_CASE("A small answer has an ETag, where the switch says so, and 304 when it matches") {
        InProcessScripts site;
        site.settings->etag = true;
        site.printing("s", "Content-Type: a/b\\nX-A: b\\nContent-Length: 5\\n\\nhello");
        site.printing("own", "Content-Type: a/b\\nETag: \"own\"\\nContent-Length: 5\\n\\nhello");
        site.printing("made",
                      "Status: 201 Made\\nContent-Type: a/b\\nContent-Length: 5\\n\\nhello");
        MemoryServer server(site.handler());
        const Answer full = server.run(get("/cgi-bin/s"));
        const std::size_t at = full.bytes.find("\r\nETag: ");
        REQUIRE(at != std::string::npos);
        const std::string etag = full.bytes.substr(at + 8, full.bytes.find('\r', at + 2) - at - 8);
        const Answer same = server.run(get("/cgi-bin/s", "If-None-Match: " + etag + "\r\n"));
        CHECK(same.status == 304);
        CHECK(same.body() == "");
        CHECK(same.has("ETag: " + etag));
        CHECK_FALSE(same.close);
        CHECK(server.run(get("/cgi-bin/s", "If-None-Match: \"x\"\r\n")).body() == "hello");
        CHECK(server.run(get("/cgi-bin/own", "If-None-Match: \"own\"\r\n")).status == 304);
        CHECK_FALSE(has(server.run(get("/cgi-bin/made")).bytes, "ETag"));
        site.settings->etag = false;
        CHECK_FALSE(has(server.run(get("/cgi-bin/s")).bytes, "ETag"));
        CHECK(server.run(get("/cgi-bin/own", "If-None-Match: \"own\"\r\n")).status == 200);
    }

    TEST_CASE("An error page that is a script is not shown; ours takes its place") {
        InProcessScripts site;
        site.site->error_pages = {{404, "/cgi-bin/page"}, {502, "/page.sh"}};
        site.settings->interpreters = {{".sh", "/bin/sh"}};
        site.printing("page", "Content-Type: a/b\\n\\nsecret");
        site.printing("bad", "bad");
        site.files().write("page.sh", "secret");
        MemoryServer server(site.handler());
        for (const auto& [target, status] : {std::pair{"/none", 404}, {"/cgi-bin/bad", 502}}) {
            CAPTURE(target);
            const Answer answer = server.run(get(target));
            CHECK(answer.status == status);
            CHECK_FALSE(has(answer.bytes, "secret"));
            CHECK(has(answer.body(), "<!DOCTYPE html>"));
        }
        CHECK(has(server.error_log(), "error_page 404 '/cgi-bin/page' cannot be opened"));
    }
}
