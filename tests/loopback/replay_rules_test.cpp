// Whoever overrides something is asked for every request: replays are for the exact classes only.
#include <doctest/doctest.h>

#include <atomic>
#include <ostream>
#include <string>

#include "handlers/simple_http_request_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

std::atomic<int> calls;

/// Gets the same file three times over one connection.
std::string three_times(const TestServerBase& server) {
    HttpClient client = server.client();
    std::string bodies;
    for (int i = 0; i < 3; ++i) bodies += client.get("/a.txt").body + ";";
    return bodies;
}

/// The same with a handler class derived from SimpleHTTPRequestHandler.
template <class Handler>
std::string three_times() {
    const TempDir directory;
    directory.write("a.txt", "text");
    calls = 0;
    TestServer server(handler_class<Handler>(make_site(directory.str())));
    return three_times(server);
}

struct OverridesDoGet : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    void do_GET() override {
        ++calls;
        SimpleHTTPRequestHandler::do_GET();
    }
};
struct OverridesSendHead : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    std::optional<Content> send_head() override {
        ++calls;
        return SimpleHTTPRequestHandler::send_head();
    }
};
struct OverridesEndHeaders : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    void end_headers() override {
        send_header("X-Call", std::to_string(++calls));
        SimpleHTTPRequestHandler::end_headers();
    }
};
struct OverridesGuessType : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    std::string guess_type(std::string_view) override { return "x/" + std::to_string(++calls); }
};
struct OverridesLogRequest : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    void log_request(int, std::string_view) override { ++calls; }
};
struct OverridesTranslatePath : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    std::optional<std::string> translate_path(std::string_view) override {
        return "/" + std::to_string(++calls) + ".txt";
    }
};
struct OverridesNothing : SimpleHTTPRequestHandler {
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    void setup() override { ++calls; }
};
struct AllowsReplay : OverridesNothing {
    using OverridesNothing::OverridesNothing;
    bool may_replay() const override { return typeid(*this) == typeid(AllowsReplay); }
};

template <class Base>
struct CountsVerify : Base {
    using Base::Base;
    std::atomic<int> verified = 0;
    bool verify_request(Request&, const Address&) override { return ++verified < 3; }
};

/// Makes plain SimpleHTTPRequestHandlers and counts them.
HandlerFactory counting_factory(const TempDir& directory) {
    calls = 0;
    return [site = make_site(directory.str())](Request& r, const Address& a, BaseServer& s) {
        ++calls;
        return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, site);
    };
}

}  // namespace

TEST_SUITE("replay rules") {
    TEST_CASE("A derived handler that overrides do_GET is called for every request") {
        CHECK(three_times<OverridesDoGet>() == "text;text;text;");
        CHECK(calls == 3);
    }

    TEST_CASE("A derived handler that overrides send_head is called for every request") {
        CHECK(three_times<OverridesSendHead>() == "text;text;text;");
        CHECK(calls == 3);
    }

    TEST_CASE("A derived handler that overrides end_headers is called for every request") {
        const TempDir directory;
        directory.write("a.txt", "text");
        calls = 0;
        TestServer server(handler_class<OverridesEndHeaders>(make_site(directory.str())));
        HttpClient client = server.client();
        for (const auto call : {"1", "2", "3"}) CHECK(client.get("/a.txt").get("X-Call") == call);
    }

    TEST_CASE("A derived handler that overrides guess_type is called for every request") {
        const TempDir directory;
        directory.write("a.txt", "text");
        calls = 0;
        TestServer server(handler_class<OverridesGuessType>(make_site(directory.str())));
        HttpClient client = server.client();
        for (const auto type : {"x/1", "x/2", "x/3"})
            CHECK(client.get("/a.txt").get("Content-Type") == type);
    }

    TEST_CASE("A derived handler that overrides log_request is called for every request") {
        CHECK(three_times<OverridesLogRequest>() == "text;text;text;");
        CHECK(calls == 3);
    }

    TEST_CASE("A derived handler that overrides translate_path is called for every request") {
        const TempDir directory;
        for (const std::string name : {"1", "2", "3"}) directory.write(name + ".txt", name);
        calls = 0;
        TestServer server(handler_class<OverridesTranslatePath>(make_site(directory.str())));
        CHECK(three_times(server) == "1;2;3;");
    }

    TEST_CASE("A derived handler is made for every request, unless it permits replays") {
        CHECK(three_times<OverridesNothing>() == "text;text;text;");
        CHECK(calls == 3);
        CHECK(three_times<AllowsReplay>() == "text;text;text;");
        CHECK(calls == 1);
    }

    TEST_CASE_TEMPLATE("A derived server's verify_request is asked for every request", Server,
                       CountsVerify<HTTPServer>, CountsVerify<ThreadingHTTPServer>) {
        const TempDir directory;
        directory.write("a.txt", "text");
        TestServer<Server> server(counting_factory(directory));
        HttpClient client = server.client();
        CHECK(client.get("/a.txt").body == "text");
        CHECK(client.get("/a.txt").body == "text");
        client.send("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(client.ends());
        CHECK(server.server().verified == 3);
    }

    TEST_CASE_TEMPLATE("The exact classes are replayed", Server, HTTPServer, ThreadingHTTPServer) {
        const TempDir directory;
        directory.write("a.txt", "text");
        TestServer<Server> server(counting_factory(directory));
        CHECK(three_times(server) == "text;text;text;");
        CHECK(calls == 1);
    }

    TEST_CASE("Replayed requests are logged like others") {
        const TempDir directory;
        directory.write("a.txt", "text");
        TestServer server(counting_factory(directory));
        three_times(server);
        const std::string log = server.access_log();
        CHECK(calls == 1);
        std::size_t lines = 0;
        for (std::size_t at = 0; (at = log.find("\"GET /a.txt HTTP/1.1\" 200 4 \"-\" \"-\"\n",
                                                at)) != std::string::npos;
             ++at)
            ++lines;
        CHECK(lines == 3);
    }

    TEST_CASE("A changed, new or removed file shows once a second has passed") {
        const TempDir directory;
        directory.write("a.txt", "one");
        TestServer server(counting_factory(directory));
        HttpClient client = server.client();
        CHECK(client.get("/a.txt").body == "one");
        directory.write("a.txt", "two!");
        server.advance(1s);
        CHECK(client.get("/a.txt").body == "two!");
        CHECK(client.get("/a.txt").body == "two!");
        CHECK(calls == 2);
        std::filesystem::remove(directory / "a.txt");
        server.advance(1s);
        CHECK(client.get("/a.txt").status == 404);
        directory.write("a.txt", "three");
        server.advance(1s);
        CHECK(client.get("/a.txt").body == "three");
    }

    TEST_CASE("What was not found is asked for again once a second has passed, and shows") {
        const TempDir directory;
        directory.write("sub/x", "");
        directory.write("404.html", "nothing");
        const auto site = std::make_shared<StaticSite>(DocumentRoot::open(directory.str()));
        site->error_pages = {{404, "/404.html"}};
        std::atomic<int> handled = 0;
        TestServer server([&](Request& r, const Address& a, BaseServer& s) {
            ++handled;
            return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, site);
        });
        HttpClient client = server.client();
        const std::pair<std::string, std::string_view> rows[] = {
            {"/a.txt", "a.txt"}, {"/sub/a.txt", "sub/a.txt"}, {"/dir/", "dir/index.html"}};
        for (const auto& [path, file] : rows) {
            CAPTURE(path);
            handled = 0;
            for (int i = 0; i < 3; ++i) CHECK(client.get(path).status == 404);
            CHECK(handled == 1);
            server.advance(1s);
            CHECK(client.get(path).body == "nothing");
            directory.write("404.html", "changed for " + path);
            server.advance(1s);
            CHECK(client.get(path).body == "changed for " + path);
            directory.write(file, "there");
            server.advance(1s);
            CHECK(client.get(path).body == "there");
            directory.write("404.html", "nothing");
        }
    }

    TEST_CASE("Where the directory is missing as well, absence is not kept") {
        const TempDir directory;
        TestServer server(counting_factory(directory));
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/no/where").status == 404);
        CHECK(calls == 3);
    }

    TEST_CASE("A new index, a new sibling and a file renamed over show once a second has passed") {
        const TempDir directory;
        directory.write("index.htm", "second choice");
        TestServer server(counting_factory(directory));
        HttpClient client = server.client();
        CHECK(client.get("/").body == "second choice");
        CHECK(client.get("/").body == "second choice");
        directory.write("index.html", "first choice");
        server.advance(1s);
        CHECK(client.get("/").body == "first choice");
        directory.write("new", "other choice");
        std::filesystem::rename(directory / "new", directory / "index.html");
        server.advance(1s);
        CHECK(client.get("/").body == "other choice");
        directory.write("index.html.gz", "zipped");
        server.advance(1s);
        const Reply zipped = client.get("/", {{"Accept-Encoding", "gzip"}});
        CHECK(zipped.body == "zipped");
        CHECK(zipped.get("Content-Encoding") == "gzip");
        CHECK(client.get("/").body == "other choice");
    }
}
