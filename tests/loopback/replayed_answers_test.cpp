// A replayed answer is the very answer that a handler gives, and HEAD is GET without content.
#include <doctest/doctest.h>

#include <atomic>
#include <ostream>
#include <string>

#include "handlers/files/quick_replay.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

struct Site {
    TempDir directory;
    Site() {
        std::string text, big;
        for (int i = 0; text.size() < 5000; ++i) text += "line " + std::to_string(i) + "\n";
        for (int i = 0; big.size() < 600'000; ++i) big += std::to_string(i) + ",";
        directory.write("text.txt", text);
        directory.write("tiny.txt", "0123456789");
        directory.write("medium.bin", big.substr(0, 100'000));
        directory.write("big.bin", big);
        directory.write("empty.txt", "");
        directory.write("sub/index.html", "<p>index");
        directory.write("sub/index.html.gz", "not really zipped");
        directory.write("list/a&b.txt", "x");
        // Old enough for a date to be a strong validator.
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
            std::filesystem::last_write_time(entry.path(),
                                             std::filesystem::file_time_type::clock::now() - 1h);
    }
};

/// One server with a cache, one without.
struct Servers {
    explicit Servers(std::string page = {}) : page_of_404(std::move(page)) {}
    Site site;
    const std::string page_of_404;
    std::atomic<int> handled = 0;
    TestServer<> with{factory()};
    TestServer<> quick{
        factory(), [this](ThreadingHTTPServer& s) {
            s.settings.make_replay = [shared = shared_site()](const RequestHead& head) {
                return make_quick_replay(shared, head);
            };
        }};
    TestServer<> without{factory(), [](ThreadingHTTPServer& s) { s.settings.cache_bytes = 0; }};

    HandlerFactory factory() {
        return [this, shared = shared_site()](Request& r, const Address& a, BaseServer& s) {
            ++handled;
            return std::make_unique<SimpleHTTPRequestHandler>(r, a, s, shared);
        };
    }
    std::shared_ptr<const StaticSite> shared_site() {
        auto made = std::make_shared<StaticSite>(DocumentRoot::open(site.directory.str()));
        made->headers = {{"X-Frame-Options", "DENY"}, {"X-Second", "2"}};
        made->cache_control = {{"*.txt", "max-age=60"}};
        if (!page_of_404.empty()) made->error_pages = {{404, page_of_404}};
        return made;
    }
};

std::string request(std::string_view method, const std::string& target, std::string_view version,
                    const std::string& fields) {
    return std::string(method) + " " + target + " HTTP/" + std::string(version) +
           "\r\nHost: h\r\n" + fields + "\r\n";
}

/// All bytes that the server answers, with Date's value out of the way.
std::string answer_of(const TestServerBase& server, const std::string& text) {
    RawClient client = server.raw_client();
    client.send(text);
    client.half_close();
    std::string all = client.receive_all();
    const std::size_t at = all.find("\r\nDate: ");
    REQUIRE(at != std::string::npos);
    return all.replace(at + 8, 29, "*");
}

void replace(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at; (at = text.find(from)) != std::string::npos;)
        text.replace(at, from.size(), to);
}

struct Row {
    std::string_view method, version;
    std::string fields;  // {tag} and {date} stand for the file's own
    bool replayed = true;
};

const Row rows[] = {
    {"GET", "1.1", ""},
    {"HEAD", "1.1", ""},
    {"GET", "1.0", ""},
    {"HEAD", "1.0", ""},
    {"GET", "1.0", "Connection: keep-alive\r\n"},
    {"GET", "1.1", "Connection: close\r\n"},
    {"HEAD", "1.1", "Connection: close\r\n"},
    {"GET", "1.1", "Range: bytes=0-3\r\n"},
    {"GET", "1.1", "Range: bytes=5-\r\n"},
    {"GET", "1.1", "Range: bytes=-3\r\n"},
    {"HEAD", "1.1", "Range: bytes=0-3\r\n"},
    {"GET", "1.0", "Range: bytes=0-3\r\n"},
    {"GET", "1.0", "Range: bytes=0-3\r\nConnection: keep-alive\r\n"},
    {"GET", "1.1", "Range: bytes=0-3\r\nConnection: close\r\n"},
    {"GET", "1.1", "Range: bytes=0-1,3-4\r\n", false},
    {"GET", "1.1", "Range: bytes=99999999-\r\n", false},
    {"GET", "1.1", "Range: lines=1-2\r\n"},
    {"GET", "1.1", "If-None-Match: {tag}\r\n"},
    {"GET", "1.1", "If-None-Match: W/{tag}, \"x\"\r\n"},
    {"GET", "1.1", "If-None-Match: *\r\n"},
    {"GET", "1.1", "If-None-Match: \"x\"\r\n"},
    {"HEAD", "1.1", "If-None-Match: {tag}\r\n"},
    {"GET", "1.0", "If-None-Match: {tag}\r\nConnection: keep-alive\r\n"},
    {"GET", "1.1", "If-None-Match: {tag}\r\nConnection: close\r\n"},
    {"GET", "1.1", "If-Modified-Since: {date}\r\n"},
    {"GET", "1.1", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
    {"GET", "1.1", "If-Modified-Since: nonsense\r\n"},
    {"GET", "1.1", "If-Match: {tag}\r\n"},
    {"GET", "1.1", "If-Match: \"x\"\r\n", false},
    {"GET", "1.1", "If-Unmodified-Since: {date}\r\n"},
    {"GET", "1.1", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", false},
    {"GET", "1.1", "Range: bytes=1-2\r\nIf-Range: {tag}\r\n"},
    {"GET", "1.1", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n"},
    {"GET", "1.1", "Range: bytes=1-2\r\nIf-Range: {date}\r\n"},
    {"GET", "1.1", "Range: bytes=1-2\r\nIf-None-Match: {tag}\r\n"},
    {"GET", "1.1", "Range: bytes=1-2\r\nRange: bytes=3-4\r\n", false},
    {"GET", "1.1", "Accept-Encoding: gzip\r\n"},
    {"GET", "1.1", "Accept-Encoding: gzip, br;q=0.5\r\n"},
    {"GET", "1.1", "Accept-Encoding: zstd\r\nConnection: close\r\n"},
    {"GET", "1.1", "Accept-Encoding: identity\r\n"},
    {"GET", "1.1", "Accept-Encoding:\r\n"},
    {"HEAD", "1.1", "Accept-Encoding: gzip\r\n"},
    {"GET", "1.1", "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n"},
    {"GET", "1.1", "Accept-Encoding: gzip\r\nIf-None-Match: {tag}\r\n"},
};

}  // namespace

TEST_SUITE("replayed answers") {
    TEST_CASE("A replayed answer has the bytes of a handled one") {
        Servers servers;
        for (const std::string target : {"/text.txt", "/tiny.txt", "/medium.bin", "/big.bin",
                                         "/sub/", "/sub/index.html", "http://h/tiny.txt"}) {
            CAPTURE(target);
            for (const Row& row : rows) {
                CAPTURE(row.method);
                CAPTURE(row.version);
                CAPTURE(row.fields);
                std::string coding = row.fields.substr(0, row.fields.find("\r\n") + 2);
                if (!coding.starts_with("Accept-Encoding")) coding.clear();
                HttpClient warm = servers.with.client();
                warm.send(request("GET", target, "1.1", coding));
                const Reply first = warm.receive();
                REQUIRE(first.status == 200);

                std::string text = request(row.method, target, row.version, row.fields);
                replace(text, "{tag}", first.get("ETag"));
                replace(text, "{date}", first.get("Last-Modified"));
                servers.with.settle();
                const int before = servers.handled;
                const std::string replayed = answer_of(servers.with, text);
                CHECK((servers.handled == before) == row.replayed);
                CHECK(replayed == answer_of(servers.without, text));
            }
        }
    }

    TEST_CASE("An answer that the loop makes by itself has the bytes of a handled one") {
        Servers servers;
        for (const std::string target :
             {"/text.txt", "/tiny.txt", "/medium.bin", "/big.bin", "/sub/", "/sub/index.html",
              "/sub", "/none", "/empty.txt", "/tiny%2Etxt", "/.hidden", "/list/",
              "http://h/tiny.txt"}) {
            CAPTURE(target);
            for (const Row& row : rows) {
                CAPTURE(row.method);
                CAPTURE(row.version);
                CAPTURE(row.fields);
                std::string text = request(row.method, target, row.version, row.fields);
                replace(text, "{tag}", "\"x\"");
                replace(text, "{date}", "Sun, 06 Nov 1994 08:49:37 GMT");
                CHECK(answer_of(servers.quick, text) == answer_of(servers.without, text));
            }
        }
    }

    TEST_CASE("The loop makes answers for small files, and leaves to handlers what may take time") {
        struct Case {
            std::string_view target, coding;
            bool made;
        };
        const Case cases[] = {
            {"/tiny.txt", "", true},      {"/empty.txt", "", true},
            {"/text.txt", "", true},      {"/text.txt", "identity", true},
            {"/text.txt", "gzip", false}, {"/sub/", "gzip", true},
            {"/medium.bin", "", false},   {"/big.bin", "", false},
            {"/none", "", false},         {"/sub", "", false},
            {"/list/", "", false},        {"/tiny%2etxt", "", false},
        };
        for (const Case& one : cases) {
            CAPTURE(one.target);
            CAPTURE(one.coding);
            Servers servers;
            HttpClient client = servers.quick.client();
            const auto get = [&] {
                return client.get(std::string(one.target),
                                  {{"Host", "h"}, {"Accept-Encoding", std::string(one.coding)}});
            };
            servers.without.client().get(std::string(one.target));  // the kernel knows all names
            servers.handled = 0;
            get();
            CHECK(servers.handled == (one.made ? 0 : 1));
        }
    }

    TEST_CASE("A replayed absence has the bytes of a handled one") {
        for (const std::string own_page : {"", "/tiny.txt", "/sub/index.html"}) {
            CAPTURE(own_page);
            Servers servers(own_page);
            for (const std::string target : {"/none.txt", "/sub/none", "/none.html?query"}) {
                CAPTURE(target);
                servers.with.client().get(target, {{"Host", "h"}});
                for (const Row& row : rows) {
                    CAPTURE(row.method);
                    CAPTURE(row.version);
                    CAPTURE(row.fields);
                    const std::string text = request(row.method, target, row.version, row.fields);
                    servers.with.settle();
                    const int before = servers.handled;
                    const std::string replayed = answer_of(servers.with, text);
                    CHECK(replayed.starts_with("HTTP/1.1 404 "));
                    const bool twice = row.fields.find("\r\nRange: bytes=3") != std::string::npos;
                    CHECK(servers.handled == before + (twice ? 1 : 0));
                    CHECK(replayed == answer_of(servers.without, text));
                }
            }
        }
    }

    TEST_CASE("HEAD has the header fields of GET, and no content") {
        Servers servers;
        for (const TestServer<>* server : {&servers.with, &servers.without}) {
            HttpClient client = server->client();
            for (const std::string target : {"/text.txt", "/big.bin", "/empty.txt", "/sub/", "/sub",
                                             "/list/", "/missing", "/%zz"}) {
                CAPTURE(target);
                for (int i = 0; i < 2; ++i) {
                    Reply get = client.get(target);
                    const Reply head = client.request("HEAD", target);
                    if (get.chunked) {
                        CHECK(get.get("Transfer-Encoding") == "chunked");
                        std::erase_if(get.fields,
                                      [](const auto& f) { return f.first == "Transfer-Encoding"; });
                    }
                    CHECK(head.head() == get.head());
                    CHECK(head.body == "");
                }
            }
        }
    }

    TEST_CASE("Pipelined requests, some replayed and some handled, are answered in order") {
        Servers servers;
        std::string text;
        for (int i = 0; i < 100; ++i) {
            const std::string target = i % 3 == 0   ? "/tiny.txt"
                                       : i % 7 == 0 ? "/missing"
                                       : i % 5 == 0 ? "/big.bin"
                                                    : "/text.txt";
            text += request(i % 4 == 3 ? "HEAD" : "GET", target, "1.1", "");
        }
        HttpClient reader = servers.with.client();
        for (const auto target : {"/tiny.txt", "/text.txt", "/big.bin"})
            reader.get(target, {{"Host", "h"}});
        for (int round = 0; round < 2; ++round) {
            reader.send(text);
            for (int i = 0; i < 100; ++i) {
                CAPTURE(i);
                const Reply reply = reader.receive(i % 4 == 3);
                CHECK(reply.status == (i % 3 != 0 && i % 7 == 0 ? 404 : 200));
                const std::string length = reply.get("Content-Length");
                CHECK((length == "10") == (i % 3 == 0));
                if (i % 4 == 3) CHECK(reply.body == "");
            }
        }
    }

    TEST_CASE("A client that pipelines and does not read is served when it reads") {
        Servers servers;
        RawClient client = servers.with.raw_client(4096);
        servers.with.client().get("/medium.bin", {{"Host", "h"}});
        std::string text;
        for (int i = 0; i < 100; ++i) text += request("GET", "/medium.bin", "1.1", "");
        client.send(text);
        client.receive_until("\r\n\r\n");
        servers.with.advance(11s);  // the time for a head is not the time for an answer
        servers.with.advance(11s);
        client.receive(100'000);
        for (int i = 1; i < 100; ++i) {
            client.receive_until("\r\n\r\n");
            client.receive(100'000);
        }
        CHECK_FALSE(client.something_there());
    }

    TEST_CASE("A client that pipelines and never reads is cut") {
        Servers servers;
        RawClient client = servers.with.raw_client(4096);
        servers.with.client().get("/medium.bin", {{"Host", "h"}});
        std::string text;
        for (int i = 0; i < 500; ++i) text += request("GET", "/medium.bin", "1.1", "");
        client.send_some(text);
        bool cut = false;  // by a reset, so that the kernel frees what it holds for this client
        for (int i = 0; i < 10 && !cut; ++i) {  // again where the kernel has just taken some more
            servers.with.advance(61s);
            servers.with.settle();
            cut = !client.send("x");
        }
        CHECK(cut);
    }

    TEST_CASE("A file that shrinks while it is sent cuts the connection, and is logged") {
        Servers servers;
        std::string big(30'000'000, 'x');
        servers.site.directory.write("huge.bin", big);
        RawClient client = servers.with.raw_client(4096);
        client.send(request("GET", "/huge.bin", "1.1", ""));
        client.receive_until("\r\n\r\n");
        std::filesystem::resize_file(servers.site.directory / "huge.bin", 1000);
        CHECK(client.receive_all().size() < big.size());
        CHECK(servers.with.error_log().find("A file became shorter") != std::string::npos);
    }
}
