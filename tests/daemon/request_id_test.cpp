// One id for a request: in the answer, in both logs, for scripts.

#include <algorithm>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

const char* const show_ids =
    "#!/bin/sh\nprintf 'X-Request-Id: its-own\\n\\n%s|%s' \"$HTTP_X_REQUEST_ID\" \"$UNIQUE_ID\"\n";

struct Site {
    TempDir root;
    Site() {
        root.write("file.txt", "12345");
        script("ids", show_ids);
        script("fail", "#!/bin/sh\necho oops >&2\nexit 3\n");
    }
    void script(const std::string& name, std::string_view text) const {
        const auto file = root.write("cgi-bin/" + name, text);
        std::filesystem::permissions(file, std::filesystem::perms(0755));
    }
};

bool is_made(const std::string& id) {
    return id.size() == 22 && id.find_first_not_of(
                                  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
                                  "klmnopqrstuvwxyz") == std::string::npos;
}

}  // namespace

TEST_SUITE("daemon request ids") {
    TEST_CASE("Each answer has an id of its own, which the access log tells") {
        const Site site;
        for (const char* format : {"python", "common", "combined", "json", "%L %>s"}) {
            CAPTURE(std::string(format));
            Daemon daemon({.root = site.root.str(),
                           .arguments = {"--request-id", "on", "--access-format", format}});
            std::vector<std::string> ids;
            for (const char* target : {"/file.txt", "/file.txt", "/none", "/none", "/"})
                ids.push_back(daemon.get(target, {{"X-Request-Id", "forged"}}).get("X-Request-Id"));
            HttpClient bad(daemon.endpoint());
            bad.send("GET / HTTP/1.1\r\n\r\n");
            ids.push_back(bad.receive().get("X-Request-Id"));
            daemon.stop();
            const std::string log = daemon.access_log();
            CAPTURE(log);
            CHECK(lines_of(log).size() == ids.size());
            for (const std::string& id : ids) {
                CAPTURE(id);
                CHECK(is_made(id));
                CHECK(std::count(ids.begin(), ids.end(), id) == 1);
                CHECK(log.find(format[0] == '%'   ? id + " "
                               : format[0] == 'j' ? ",\"id\":\"" + id + "\"}\n"
                                                  : " id=" + id + "\n") != std::string::npos);
            }
        }
    }

    TEST_CASE("Without the setting there is none, and scripts get what the client sent") {
        const Site site;
        Daemon daemon({.root = site.root.str(), .arguments = {"--cgi"}});
        CHECK(daemon.get("/file.txt").get("X-Request-Id") == "");
        const Reply reply = daemon.get("/cgi-bin/ids", {{"X-Request-Id", "a client's"}});
        CHECK(reply.get("X-Request-Id") == "its-own");
        CHECK(reply.body.starts_with("a client's|"));
        daemon.stop();
        const std::string log = daemon.access_log();
        CHECK(log.find("id=") == log.find("id=" + reply.body.substr(reply.body.find('|') + 1)));
        CHECK(log.find("id=") + 26 == log.find("script_pid="));
    }

    TEST_CASE("A script gets the id of its request, and its own cannot replace it") {
        const Site site;
        Daemon daemon({.root = site.root.str(),
                       .arguments = {"--cgi", "--request-id", "on"},
                       .expected_log = {"exit status 3"}});
        const Reply reply = daemon.get("/cgi-bin/ids", {{"X-Request-Id", "forged"}});
        const std::string id = reply.get("X-Request-Id");
        CHECK(is_made(id));
        CHECK(reply.body == id + "|" + id);
        const std::string failed = daemon.get("/cgi-bin/fail").get("X-Request-Id");
        daemon.stop();
        const std::string log = daemon.access_log();
        CAPTURE(log);
        CHECK(log.find("\" id=" + id + " script_pid=") != log.npos);
        CHECK(daemon.error_log().find("Script /cgi-bin/fail (id " + failed + ", pid ") !=
              std::string::npos);
    }

    TEST_CASE("A trusted proxy's id is kept if it is harmless; processes have one of ours") {
        const Site site;
        Daemon daemon({.root = site.root.str(),
                       .arguments = {"--cgi", "--request-id", "on", "--trusted-proxies",
                                     "127.0.0.1", "--log-level", "debug"}});
        const std::string id = "proxy/1:Az09._=+-";
        CHECK(daemon.get("/file.txt", {{"X-Request-Id", id}}).get("X-Request-Id") == id);
        CHECK(daemon.get("/file.txt", {{"X-Request-Id", id}}).get("X-Request-Id") == id);
        CHECK(daemon.get("/none", {{"X-Request-Id", id}}).get("X-Request-Id") == id);
        const Reply reply = daemon.get("/cgi-bin/ids", {{"X-Request-Id", id}});
        CHECK(reply.get("X-Request-Id") == id);
        CHECK(reply.body.starts_with(id + "|"));
        CHECK(is_made(reply.body.substr(id.size() + 1)));
        for (const std::string& bad : {std::string("a b"), std::string(129, 'a'),
                                       std::string("\"\x1b[31m"), std::string("\xC3\xA9")}) {
            CAPTURE(bad);
            CHECK(is_made(daemon.get("/file.txt", {{"X-Request-Id", bad}}).get("X-Request-Id")));
            CHECK(is_made(daemon.get("/none2", {{"X-Request-Id", bad}}).get("X-Request-Id")));
        }
        daemon.stop();
        const auto lines = lines_of(daemon.access_log());
        CHECK(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
                  return line.find(" id=" + id) != line.npos;
              }) == 4);
        CHECK(daemon.error_log().find(" debug: (id " + id + ") 127.0.0.1 code 404") !=
              std::string::npos);
    }
}
