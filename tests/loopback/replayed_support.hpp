// A site, servers of it with a cache and without, and requests whose answers must not tell which.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <ostream>
#include <string>

#include "handlers/files/quick_replay.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "tests/support/test_server.hpp"

namespace basehttp {

using namespace std::chrono_literals;

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

inline std::string request(std::string_view method, const std::string& target,
                           std::string_view version, const std::string& fields) {
    return std::string(method) + " " + target + " HTTP/" + std::string(version) +
           "\r\nHost: h\r\n" + fields + "\r\n";
}

/// All bytes that the server answers, with Date's value out of the way.
inline std::string answer_of(const TestServerBase& server, const std::string& text) {
    RawClient client = server.raw_client();
    client.send(text);
    client.half_close();
    std::string all = client.receive_all();
    const std::size_t at = all.find("\r\nDate: ");
    REQUIRE(at != std::string::npos);
    return all.replace(at + 8, 29, "*");
}

inline void replace(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at; (at = text.find(from)) != std::string::npos;)
        text.replace(at, from.size(), to);
}

struct Row {
    std::string_view method, version;
    std::string fields;  // {tag} and {date} stand for the file's own
    bool replayed = true;
};

inline const Row rows[] = {
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

}  // namespace basehttp
