// What a class derived from CGIHTTPRequestHandler overrides is obeyed; what may be replayed is.
#include <doctest/doctest.h>

#include <atomic>
#include <ostream>
#include <string>

#include "tests/support/in_process_scripts.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

std::atomic<int> calls;

struct OverridesDoGet : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void do_GET() override {
        ++calls;
        CGIHTTPRequestHandler::do_GET();
    }
};
struct OverridesIsCgi : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    bool is_cgi() override {
        ++calls;
        return !headers.contains("X-No-Scripts") && CGIHTTPRequestHandler::is_cgi();
    }
};
struct OverridesRunCgi : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void run_cgi() override {
        ++calls;
        if (path.starts_with("/cgi-bin/s")) return CGIHTTPRequestHandler::run_cgi();
        send_response(200);
        send_header("Content-Length", "3");
        end_headers();
        wfile.write("own");
    }
};
struct OverridesSendError : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void send_error(int code, std::string_view, std::string_view) override {
        ++calls;
        CGIHTTPRequestHandler::send_error(code, "Own Words");
    }
};
struct OverridesEndHeaders : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void end_headers() override {
        send_header("X-Call", std::to_string(++calls));
        CGIHTTPRequestHandler::end_headers();
    }
};
struct OverridesNothing : CGIHTTPRequestHandler {
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void setup() override { ++calls; }
};
struct AllowsReplay : OverridesNothing {
    using OverridesNothing::OverridesNothing;
    bool may_replay() const override { return typeid(*this) == typeid(AllowsReplay); }
};

/// A site with a script "s" that works, "bad" that does not, "to-file" that redirects, and a file.
struct Site : InProcessScripts {
    Site() {
        calls = 0;
        files().write("file.txt", "static");
        printing("s", "Content-Type: text/plain\\n\\nscript");
        printing("bad", "bad");
        printing("to-file", "Location: /file.txt\\n\\n");
    }
    /// Counts handlers of the very class.
    HandlerFactory counting() const {
        return [make = handler()](Request& request, const Address& client, BaseServer& server) {
            ++calls;
            return make(request, client, server);
        };
    }
};

}  // namespace

TEST_SUITE("cgi hooks") {
    TEST_CASE_FIXTURE(Site, "do_GET is called for scripts and files, and again by a redirect") {
        TestServer server(handler<OverridesDoGet>());
        HttpClient client = server.client();
        CHECK(client.get("/cgi-bin/s").body == "script");
        CHECK(client.get("/file.txt").body == "static");
        CHECK(client.get("/file.txt").body == "static");
        CHECK(calls == 3);
        CHECK(client.get("/cgi-bin/to-file").body == "static");
        CHECK(calls == 5);
    }

    TEST_CASE_FIXTURE(Site, "is_cgi decides, and the source of a script is not shown for that") {
        TestServer server(handler<OverridesIsCgi>());
        HttpClient client = server.client();
        CHECK(client.get("/cgi-bin/s").body == "script");
        const Reply refused = client.get("/cgi-bin/s", {{"X-No-Scripts", "1"}});
        CHECK(refused.status == 403);
        CHECK_FALSE(has(refused.body, "printf"));
        for (int i = 0; i < 2; ++i) CHECK(client.get("/file.txt").body == "static");
        CHECK(calls == 4);
    }

    TEST_CASE_FIXTURE(Site, "run_cgi may answer itself or leave it to the base class") {
        TestServer server(handler<OverridesRunCgi>());
        HttpClient client = server.client();
        CHECK(client.get("/cgi-bin/s").body == "script");
        CHECK(client.get("/cgi-bin/bad").body == "own");
        CHECK(client.get("/cgi-bin/none").body == "own");
        CHECK(client.request("POST", "/cgi-bin/to-file").body == "own");
        CHECK(client.get("/file.txt").body == "static");
        CHECK(calls == 4);
    }

    TEST_CASE_FIXTURE(Site, "send_error is asked for all that goes wrong with scripts") {
        TestServer server(handler<OverridesSendError>());
        HttpClient client = server.client();
        const Reply bad = client.get("/cgi-bin/bad");
        CHECK(bad.status == 502);
        CHECK(bad.reason == "Own Words");
        CHECK(client.get("/cgi-bin/none").reason == "Own Words");
        CHECK(client.request("SPAM", "/file.txt").reason == "Own Words");
        CHECK(calls == 3);
        CHECK(has(server.error_log(), "502: "));
    }

    TEST_CASE_FIXTURE(Site, "end_headers is asked for scripts and files") {
        TestServer server(handler<OverridesEndHeaders>());
        HttpClient client = server.client();
        CHECK(client.get("/cgi-bin/s").get("X-Call") == "1");
        CHECK(client.get("/file.txt").get("X-Call") == "2");
        CHECK(client.get("/file.txt").get("X-Call") == "3");
    }

    TEST_CASE_FIXTURE(Site, "Files of a site with scripts are replayed, scripts never") {
        TestServer server(counting());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/file.txt").body == "static");
        CHECK(calls == 1);
        for (int i = 0; i < 3; ++i) CHECK(client.get("/cgi-bin/s").body == "script");
        CHECK(calls == 4);
    }

    TEST_CASE_FIXTURE(Site,
                      "A file that a script redirects to is not replayed in place of the script") {
        TestServer server(counting());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/cgi-bin/to-file").body == "static");
        CHECK(calls == 3);
        program("cgi-bin/to-file", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\nnow a document'\n");
        CHECK(client.get("/cgi-bin/to-file").body == "now a document");
    }

    TEST_CASE("A file that X-Sendfile named is not replayed in place of the script") {
        Site site;
        const TempDir files;
        files.write("a", "named");
        site.settings->sendfile = {make_site(files.str())};
        site.printing("send", "X-Sendfile: " + files.str() + "/a\\nContent-Type: a/b\\n\\n");
        TestServer server(site.counting());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/cgi-bin/send").body == "named");
        CHECK(calls == 3);
        const Reply part = client.get("/cgi-bin/send", {{"Range", "bytes=1-2"}});
        CHECK(part.status == 206);
        CHECK(part.body == "am");
    }

    TEST_CASE_FIXTURE(Site, "Files are not replayed for a derived class, unless it permits it") {
        {
            TestServer server(handler<OverridesNothing>());
            HttpClient client = server.client();
            for (int i = 0; i < 3; ++i) CHECK(client.get("/file.txt").body == "static");
            CHECK(calls == 3);
        }
        calls = 0;
        TestServer server(handler<AllowsReplay>());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/file.txt").body == "static");
        CHECK(calls == 1);
    }

    TEST_CASE("A script that comes to be where nothing was found shows once a second has passed") {
        Site site;
        site.site->index.clear();
        site.settings->interpreters = {{".sh", "/bin/sh"}};
        TestServer server(site.handler());
        HttpClient client = server.client();
        for (const std::string path : {"/a.sh", "/b.sh/", "/c.sh/info"}) {
            CAPTURE(path);
            for (int i = 0; i < 2; ++i) CHECK(client.get(path).status == 404);
            site.files().write(path.substr(1, 4), "printf 'Content-Type: text/plain\\n\\nran'\n");
            server.advance(1s);
            CHECK(client.get(path).body == "ran");
        }
    }

    TEST_CASE("An error page that is a script is never shown, also over a connection") {
        Site site;
        site.site->error_pages = {{404, "/cgi-bin/s"}};
        TestServer server(site.handler());
        HttpClient client = server.client();
        for (int i = 0; i < 2; ++i) {
            const Reply reply = client.get("/none");
            CHECK(reply.status == 404);
            CHECK_FALSE(has(reply.body, "printf"));
        }
        CHECK(has(server.error_log(), "error_page 404 '/cgi-bin/s' cannot be opened"));
    }
}
