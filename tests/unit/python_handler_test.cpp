// What a derived handler may override, as in Python, where no other test shows it.
#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <vector>

#include "handlers/simple_http_request_handler.hpp"
#include "handlers/stream_request_handler.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view get = "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n";

/// Speaks no HTTP: what it pushes is what the client gets.
class PlainHandler final : public BaseRequestHandler {
  public:
    PlainHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                 std::string greeting)
        : BaseRequestHandler(request_, client_address_, server_), greeting_(std::move(greeting)) {}

    void setup() override { say("setup "); }
    void handle() override {
        CHECK(&request.client_address() == &client_address);
        CHECK(server.server_address.port == 8000);
        say(greeting_ + ' ' + client_address.host + ' ');
    }
    void finish() override { say("finish"); }

  private:
    void say(const std::string& text) {
        const auto owner = std::make_shared<const std::string>(text);
        request.outbox.push(Segment::shared(owner, *owner));
    }
    std::string greeting_;
};

/// Writes an answer byte by byte, status line and all.
class RawAnswer final : public StreamRequestHandler {
  public:
    using StreamRequestHandler::StreamRequestHandler;
    void handle() override {
        wfile.write("HTTP/1.1 200 Fine\r\n");
        wfile.write("Content-Length: 7\r\n\r\n[" + rfile.read() + "]");
    }
};

/// Parses and dispatches in a way of its own.
class OwnDispatch final : public FunctionHandler {
  public:
    OwnDispatch(Request& request_, const Address& client_address_, BaseServer& server_)
        : FunctionHandler(request_, client_address_, server_,
                          [](FunctionHandler& h) { h.answer(h.path); }) {}

    bool parse_request() override {
        if (!FunctionHandler::parse_request()) return false;
        if (path == "/refused") {
            send_error(403);
            return false;
        }
        path = "/rewritten" + path;
        return true;
    }
    void handle_one_request() override {
        if (request.head().target == "/direct") return answer("answered before parse_request");
        FunctionHandler::handle_one_request();
    }
};

class OwnCopy final : public SimpleHTTPRequestHandler {
  public:
    using SimpleHTTPRequestHandler::SimpleHTTPRequestHandler;
    void copyfile(const Content& content, ResponseWriter& outputfile) override {
        CHECK(content.entity->size == 5);
        outputfile.write("TEXT!");
    }
};

MemoryServer::Answer run(HandlerFactory factory, std::string_view text) {
    return MemoryServer(std::move(factory)).run(text);
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE("A BaseRequestHandler is set up, handles and finishes, with request and server") {
        const auto answer = run(handler_class<PlainHandler>(std::string("hello")), get);
        CHECK(answer.bytes == "setup hello 192.0.2.7 finish");
    }

    TEST_CASE("A StreamRequestHandler reads rfile and writes wfile, and its connection closes") {
        const auto answer = run(handler_class<RawAnswer>(),
                                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        CHECK(answer.bytes == "HTTP/1.1 200 Fine\r\nContent-Length: 7\r\n\r\n[hello]");
        CHECK(answer.close);  // what it wrote is not looked into
    }

    TEST_CASE("parse_request and handle_one_request may be overridden") {
        struct Row {
            std::string_view target;
            int status;
            std::string_view body;
        };
        const Row rows[] = {
            {"/a", 200, "/rewritten/a"},
            {"/refused", 403, ""},
            {"/direct", 200, "answered before parse_request"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.target);
            const auto answer =
                run(handler_class<OwnDispatch>(),
                    "GET " + std::string(row.target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
            CHECK(answer.status == row.status);
            if (!row.body.empty()) CHECK(answer.body() == row.body);
        }
    }

    TEST_CASE("copyfile may send other content") {
        const TempDir tree;
        tree.write("a.txt", "text\n");
        CHECK(run(handler_class<OwnCopy>(make_site(tree.str())), get).body() == "TEXT!");
    }

    TEST_CASE("A SimpleHTTPRequestHandler serves the directory of its site under the site's name") {
        const TempDir tree;
        tree.write("a.txt", "text\n");
        auto site = std::make_shared<StaticSite>(DocumentRoot::open(tree.str()));
        site->server_header = "Spam/3";
        site->types.set(".txt", "text/spam");
        const auto answer = run(handler_class<SimpleHTTPRequestHandler>(
                                    std::shared_ptr<const StaticSite>(std::move(site))),
                                get);
        CHECK(answer.has("Server: Spam/3"));
        CHECK(answer.has("Content-Type: text/spam; charset=utf-8"));
        CHECK(answer.body() == "text\n");
    }

    TEST_CASE("A handler asks for its headers in any case, and for all of a name") {
        run(function_handler([](FunctionHandler& h) {
                CHECK(h.headers.get("x-SPAM") == "eggs");
                CHECK(h.headers.get("X-None") == std::nullopt);
                CHECK(h.headers.get("X-None", "else") == "else");
                CHECK(h.headers.get_all("X-Spam") == std::vector<std::string_view>{"eggs", "ham"});
                CHECK(h.headers.contains("HOST"));
                h.answer("");
            }),
            "GET / HTTP/1.1\r\nHost: h\r\nX-Spam: eggs\r\nX-Spam: ham\r\n\r\n");
    }
}
