// Persistence, pipelining, and where one request ends and the next begins.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::string_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// A handler that never reads the body.
struct Uninterested : FunctionHandler {
    Uninterested(Request& r, const Address& a, BaseServer& s)
        : FunctionHandler(r, a, s, [](FunctionHandler& h) { h.answer("no " + h.path); }) {}
    bool needs_body() const override { return false; }
};

}  // namespace

TEST_SUITE("keep-alive") {
    TEST_CASE("One connection serves request after request") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        for (int i = 0; i < 20; ++i) {
            const std::string path = "/" + std::to_string(i);
            CHECK(client.get(path).body == "GET " + path + " []");
        }
    }

    TEST_CASE("Connection: close is answered in kind and the connection ends") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        const Reply reply = client.get("/", {{"Connection", "close"}});
        CHECK(reply.get("Connection") == "close");
        CHECK(reply.body == "GET / []");
        CHECK(client.ends());
    }

    TEST_CASE("HTTP/1.0 closes unless it asks for keep-alive") {
        TestServer server(echo_handler());
        const std::string once = exchange(server.port(), "GET / HTTP/1.0\r\n\r\n");
        CHECK(once.find("\r\nConnection: close\r\n") != std::string::npos);
        CHECK(once.ends_with("\r\n\r\nGET / []"));
        const std::string ask = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        const std::string twice = exchange(server.port(), ask + ask + "GET / HTTP/1.0\r\n\r\n");
        CHECK(twice.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
        CHECK(twice.find("GET / []HTTP/1.1 200 OK\r\n") != std::string::npos);
        CHECK(twice.ends_with("GET / []"));
    }

    TEST_CASE("A hundred pipelined requests are answered in order") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        std::string text;
        for (int i = 0; i < 100; ++i)
            text += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
        client.send(text);
        for (int i = 0; i < 100; ++i)
            CHECK(client.receive().body == "GET /" + std::to_string(i) + " []");
        client.send(get);
        CHECK(client.receive().status == 200);
    }

    TEST_CASE("Pipelined requests after a close are not answered") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + std::string(get));
        CHECK(client.receive().body == "GET /1 []");
        CHECK(client.ends());
    }

    TEST_CASE("A body is never taken for the next request") {
        TestServer server(echo_handler());
        const std::string inside = "GET /evil HTTP/1.1\r\nHost: h\r\n\r\n";
        const std::string length = std::to_string(inside.size());
        for (const std::string& request : {
                 "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n" + inside,
                 "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n" +
                     inside + "\r\n0\r\n\r\n",
                 "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1f;x=y\r\n" +
                     inside + "\r\n0;z\r\nX: y\r\n\r\n",
                 "GET /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n" + inside,
             }) {
            CAPTURE(request);
            HttpClient client = server.client();
            client.send(request + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
            const std::string method = request.substr(0, request.find(' '));
            CHECK(client.receive().body == method + " /p [" + inside + "]");
            CHECK(client.receive().body == "GET /next []");
        }
    }

    TEST_CASE("A body that is not read is skipped, and the next request answered") {
        TestServer server(handler_class<Uninterested>());
        for (const std::size_t size : {1u, 1000u, 65536u}) {
            CAPTURE(size);
            HttpClient client = server.client();
            const std::string head =
                "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
                "\r\n\r\n";
            const std::string body_and_next = std::string(size, 'x') + std::string(get);
            client.send(head + body_and_next);
            CHECK(client.receive().body == "no /p");
            CHECK(client.receive().body == "no /a");
            client.send(head);
            CHECK(client.receive().body == "no /p");
            client.send(body_and_next);
            CHECK(client.receive().body == "no /a");
        }
    }

    TEST_CASE("A body too long to skip, or of unknown length, closes the connection") {
        TestServer server(handler_class<Uninterested>());
        for (const std::string framing : {"Content-Length: 1000000", "Transfer-Encoding: chunked",
                                          "Content-Length: 5\r\nExpect: 100-continue"}) {
            CAPTURE(framing);
            HttpClient client = server.client();
            client.send("POST /p HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n");
            const Reply reply = client.receive();
            CHECK(reply.body == "no /p");
            CHECK(reply.get("Connection") == "close");
            CHECK(client.ends());
        }
    }

    TEST_CASE("A client that ends within a body is told so, and no handler sees the request") {
        TestServer server(echo_handler());
        for (const std::string text :
             {"Content-Length: 5\r\n\r\nhell", "Transfer-Encoding: chunked\r\n\r\n",
              "Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n"}) {
            CAPTURE(text);
            RawClient client = server.raw_client();
            client.send("POST / HTTP/1.1\r\nHost: h\r\n" + text);
            client.half_close();
            const std::string answer = client.receive_all();
            CHECK(answer.starts_with("HTTP/1.1 400 Request body ended too early\r\n"));
            CHECK(answer.find("Connection: close") != answer.npos);
        }
    }

    TEST_CASE("A client that closes its side early still gets its answers") {
        TestServer server(echo_handler());
        for (const int count : {1, 3}) {
            CAPTURE(count);
            RawClient client = server.raw_client();
            for (int i = 0; i < count; ++i) client.send(get);
            client.half_close();
            const std::string all = client.receive_all();
            std::size_t answers = 0;
            for (std::size_t at = 0; (at = all.find("GET /a []", at)) != std::string::npos; ++at)
                ++answers;
            CHECK(answers == static_cast<std::size_t>(count));
            CHECK_FALSE(client.was_reset());
        }
    }

    TEST_CASE("A client that ends within a head gets no answer") {
        TestServer server(echo_handler());
        for (const std::string text : {"", "\r\n", "GET", "GET / HTTP/1.1\r\nHost: h\r\n"}) {
            CAPTURE(text);
            RawClient client = server.raw_client();
            client.send(text);
            client.half_close();
            CHECK(client.ends());
        }
    }

    TEST_CASE("An empty line between requests is skipped") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send(std::string(get) + "\r\n" + std::string(get));
        CHECK(client.receive().status == 200);
        CHECK(client.receive().status == 200);
    }
}
