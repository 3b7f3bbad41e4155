#include "handlers/simple_http_request_handler.hpp"

#include <doctest/doctest.h>

#include "tests/support/memory_request.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

using Answer = MemoryServer::Answer;

template <class Handler>
HandlerFactory factory(std::shared_ptr<const StaticSite> site) {
    return [site](Request& request, const Address& client, BaseServer& server) {
        return std::make_unique<Handler>(request, client, server, site);
    };
}

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

bool begins(const Answer& answer, std::string_view status) {
    return answer.bytes.starts_with("HTTP/1.1 " + std::string(status) + "\r\n");
}

/// Overrides what a derived class may.
class OwnHandler : public SimpleHTTPRequestHandler {
  public:
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    std::optional<std::string> translate_path(std::string_view target) override {
        if (target.starts_with("/refuse")) return std::nullopt;
        return SimpleHTTPRequestHandler::translate_path("/sub" + std::string(target));
    }
    std::string guess_type(std::string_view file_path) override {
        return "text/own; of=" + std::string(file_path);
    }
    void list_directory(const std::string& directory_path, OpenedFile) override {
        send_error(403, "No list of " + directory_path);
    }
    void end_headers() override {
        send_header("X-Own", "yes");
        SimpleHTTPRequestHandler::end_headers();
    }
};

}  // namespace

TEST_SUITE("SimpleHTTPRequestHandler") {
    TEST_CASE("GET sends a file with its fields") {
        const TempDir root;
        root.write("file.txt", "hello");
        MemoryServer server(factory<SimpleHTTPRequestHandler>(make_site(root.str())));
        const Answer answer = server.run(get("/file.txt"));
        CHECK(begins(answer, "200 OK"));
        CHECK(answer.has("Content-Length: 5"));
        CHECK(answer.has("Content-Type: text/plain; charset=utf-8"));
        CHECK(answer.has("Accept-Ranges: bytes"));
        CHECK(answer.body() == "hello");
        CHECK_FALSE(answer.close);
        CHECK(answer.status == 200);
        CHECK(answer.body_bytes == 5);
    }

    TEST_CASE("HEAD sends the fields of GET and nothing more") {
        const TempDir root;
        root.write("file.txt", "hello");
        MemoryServer server(factory<SimpleHTTPRequestHandler>(make_site(root.str())));
        const Answer head = server.run("HEAD /file.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(begins(head, "200 OK"));
        CHECK(head.has("Content-Length: 5"));
        CHECK(head.body() == "");
        const Answer error = server.run("HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(begins(error, "404 Not Found"));
        CHECK(error.body() == "");
    }

    TEST_CASE("A redirect keeps the query and stays on its host") {
        const TempDir root;
        root.mkdir("evil.com");
        MemoryServer server(factory<SimpleHTTPRequestHandler>(make_site(root.str())));
        const struct {
            const char* target;
            const char* location;
        } rows[] = {
            {"/evil.com?a=//b", "Location: /evil.com/?a=//b"},
            {"//evil.com", "Location: /evil.com/"},
            {"/////evil.com", "Location: /evil.com/"},
            {"/x/..//evil.com", "Location: /evil.com/"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.target);
            const Answer answer = server.run(get(row.target));
            CHECK(begins(answer, "301 Moved Permanently"));
            CHECK(answer.has(row.location));
            CHECK(answer.has("Content-Length: 0"));
        }
    }

    TEST_CASE("Paths that cannot be decoded are 400") {
        const TempDir root;
        MemoryServer server(factory<SimpleHTTPRequestHandler>(make_site(root.str())));
        for (const char* target : {"/%", "/%zz", "/%00", "/%2f", "/%5c", "/%ff", "/%c0%ae"}) {
            CAPTURE(target);
            CHECK(begins(server.run(get(target)), "400 Bad path in request target"));
        }
    }

    TEST_CASE("Other methods are 405 with Allow, whatever their body") {
        const TempDir root;
        MemoryServer server(factory<SimpleHTTPRequestHandler>(make_site(root.str())));
        for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
            CAPTURE(method);
            const std::string text =
                std::string(method) + " / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
            const Answer answer = server.run(text, true);
            CHECK(begins(answer, "405 Method Not Allowed"));
            CHECK(answer.has("Allow: GET, HEAD, OPTIONS"));
            CHECK(answer.turns == 1);  // the body was not waited for
        }
        CHECK(begins(server.run("BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),
                     "501 Unsupported method ('BREW')"));
    }

    TEST_CASE("A 416 tells the size, with the built-in page and with the site's own") {
        const TempDir root;
        root.write("file.txt", "hello");
        root.write("416.html", "own");
        auto site = std::make_shared<StaticSite>(DocumentRoot::open(root.str()));
        MemoryServer server(factory<SimpleHTTPRequestHandler>(site));
        CHECK(server.run(get("/file.txt", "Range: bytes=5-\r\n")).has("Content-Range: bytes */5"));
        site->error_pages[416] = "/416.html";
        const Answer own = server.run(get("/file.txt", "Range: bytes=5-\r\n"));
        CHECK(begins(own, "416 Range Not Satisfiable"));
        CHECK(own.has("Content-Range: bytes */5"));
        CHECK(own.body() == "own");
    }

    TEST_CASE("An error page that is missing gives the built-in page and a warning") {
        const TempDir root;
        auto site = std::make_shared<StaticSite>(DocumentRoot::open(root.str()));
        site->error_pages[404] = "/none.html";
        MemoryServer server(factory<SimpleHTTPRequestHandler>(site));
        const Answer answer = server.run(get("/x"));
        CHECK(begins(answer, "404 Not Found"));
        CHECK(answer.body().find("<h1>404 Not Found</h1>") != std::string_view::npos);
        CHECK(server.error_log().find("error_page 404 '/none.html' cannot be opened") !=
              std::string::npos);
    }

    TEST_CASE("The site's fields are on every final answer once, and on no interim one") {
        const TempDir root;
        auto site = std::make_shared<StaticSite>(DocumentRoot::open(root.str()));
        site->headers = {{"X-Site", "one"}};
        site->server_header = "";
        MemoryServer server(factory<SimpleHTTPRequestHandler>(site));
        for (const char* target : {"/", "/none", "/%"}) {
            CAPTURE(target);
            const Answer answer = server.run(get(target));
            CHECK(answer.has("X-Site: one"));
            CHECK(answer.bytes.find("X-Site") == answer.bytes.rfind("X-Site"));
            CHECK(answer.bytes.find("Server:") == std::string::npos);
        }
        CHECK(server.run("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").has("X-Site: one"));
    }

    TEST_CASE("A derived class may choose path, type, listing and fields") {
        const TempDir root;
        root.write("sub/file.txt", "in sub");
        root.write("file.txt", "not this");
        MemoryServer server(factory<OwnHandler>(make_site(root.str())));
        const Answer file = server.run(get("/file.txt"));
        CHECK(file.body() == "in sub");
        CHECK(file.has("Content-Type: text/own; of=/sub/file.txt"));
        CHECK(file.has("X-Own: yes"));
        CHECK(begins(server.run(get("/refuse/x")), "400 Bad path in request target"));
        CHECK(begins(server.run(get("/")), "403 No list of /sub/"));
    }
}
