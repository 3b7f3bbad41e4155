// Refusals: bounds on bodies, expectations, requests that cannot be told apart.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

const TestServer<>::Prepare small_bodies = [](ThreadingHTTPServer& s) { s.settings.body = 1000; };

std::string post(std::string_view fields, std::string_view body = "") {
    return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n\r\n" + std::string(body);
}

void check_refused(HttpClient& client, int status) {
    const Reply reply = client.receive();
    CHECK(reply.status == status);
    CHECK(reply.get("Connection") == "close");
    CHECK(client.is_cut());
}

}  // namespace

TEST_SUITE("limits") {
    TEST_CASE("A body that announces too much is 413 at once") {
        TestServer server(echo_handler(), small_bodies);
        for (const std::string length :
             {"1001", "1000000000000", "18446744073709551615", "99999999999999999999999999"}) {
            CAPTURE(length);
            HttpClient client = server.client();
            client.send(post("Content-Length: " + length));
            check_refused(client, 413);
        }
    }

    TEST_CASE("A chunked body is 413 when it gets too long") {
        TestServer server(echo_handler(), small_bodies);
        HttpClient client = server.client();
        client.send(
            post("Transfer-Encoding: chunked", "3e8\r\n" + std::string(1000, 'x') + "\r\n"));
        server.settle();
        client.send("1\r\n");
        check_refused(client, 413);
    }

    TEST_CASE("A body of exactly the limit is read") {
        TestServer server(echo_handler(), small_bodies);
        HttpClient client = server.client();
        const std::string body(1000, 'x');
        client.send(post("Content-Length: 1000", body));
        CHECK(client.receive().body == "POST / [" + body + "]");
        client.send(post("Transfer-Encoding: chunked", "3e8\r\n" + body + "\r\n0\r\n\r\n"));
        CHECK(client.receive().body == "POST / [" + body + "]");
    }

    TEST_CASE("A client that is still sending gets the refusal, not a reset") {
        TestServer server(echo_handler(), small_bodies);
        RawClient client = server.raw_client();
        client.send(post("Content-Length: 8000000"));
        CHECK(client.send(std::string(8'000'000, 'x')));
        CHECK(client.receive_all().starts_with("HTTP/1.1 413 "));
        CHECK_FALSE(client.was_reset());
    }

    TEST_CASE("Expect: 100-continue gets its 100, then the body is read") {
        TestServer server(echo_handler());
        for (const std::string framing : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
            CAPTURE(framing);
            HttpClient client = server.client();
            for (int i = 0; i < 2; ++i) {
                client.send(post(framing + "\r\nExpect: 100-continue"));
                const Reply interim = client.receive();
                CHECK(interim.status == 100);
                CHECK(interim.fields.empty());
                client.send(framing[0] == 'C' ? "hello" : "5\r\nhello\r\n0\r\n\r\n");
                CHECK(client.receive().body == "POST / [hello]");
            }
        }
    }

    TEST_CASE("A body that did not wait for its 100 gets none") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send(post("Content-Length: 5\r\nExpect: 100-continue", "hello"));
        CHECK(client.receive().body == "POST / [hello]");
    }

    TEST_CASE("An HTTP/1.0 client gets no 100") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        client.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        server.settle();
        client.send("hello");
        const std::string all = client.receive_all();
        CHECK(all.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(all.ends_with("POST / [hello]"));
    }

    TEST_CASE("An expectation that is refused closes, for the body may come or not") {
        TestServer server(echo_handler(), small_bodies);
        const std::pair<std::string, int> rows[] = {
            {"Content-Length: 5\r\nExpect: tea", 417},
            {"Content-Length: 1001\r\nExpect: 100-continue", 413},
        };
        for (const auto& [fields, status] : rows) {
            CAPTURE(fields);
            HttpClient client = server.client();
            client.send(post(fields));
            check_refused(client, status);
        }
    }

    TEST_CASE("An unknown expectation without a body is 417 and keeps the connection") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        CHECK(client.get("/", {{"Expect", "tea"}}).status == 417);
        CHECK(client.get("/").status == 200);
    }

    TEST_CASE("What cannot be understood is refused and nothing after it is read") {
        TestServer server(echo_handler());
        const std::pair<std::string, int> rows[] = {
            {"GARBAGE\r\n\r\n", 400},
            {"GET  HTTP/1.1\r\n\r\n", 400},
            {"GET / HTTP/1.1\r\n\r\n", 400},
            {"GET / HTTP/2.0\r\n\r\n", 505},
            {"GET / HTTP/1.1\nHost: h\n\n", 400},
            {post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400},
            {post("Content-Length: 5\r\nContent-Length: 6", "hello"), 400},
            {post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 400},
            {post("Transfer-Encoding: chunked", "x\r\n"), 400},
            {post("Transfer-Encoding: chunked", "5\r\nhello!\r\n"), 400},
            {post("Transfer-Encoding: chunked", "5\nhello\n0\n\n"), 400},
        };
        for (const auto& [text, status] : rows) {
            CAPTURE(text);
            HttpClient client = server.client();
            client.send(text + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
            check_refused(client, status);
        }
    }

    TEST_CASE("Good requests before a bad one are answered") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send(
            "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nBAD\r\n\r\n");
        CHECK(client.receive().body == "GET /1 []");
        CHECK(client.receive().body == "GET /2 []");
        check_refused(client, 400);
    }

    TEST_CASE("A refused request is logged, escaped") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("GET /\x1b[31m\"\n");
        CHECK(client.receive().status == 400);
        CHECK(server.access_log().find("\"GET /\\x1b[31m\\\"\" 400 ") != std::string::npos);
    }
}
