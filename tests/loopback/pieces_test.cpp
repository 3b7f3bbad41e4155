// Requests that come in pieces: what is read does not depend on how it was cut.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view fixed = "POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view chunked =
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2;x\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n";

}  // namespace

TEST_SUITE("pieces") {
    TEST_CASE("A request cut in two anywhere is one request") {
        TestServer server(echo_handler());
        for (const std::string_view request : {fixed, chunked}) {
            const std::string expected = "POST " + std::string(request.substr(5, 2)) + " [hello]";
            for (std::size_t cut = 1; cut < request.size(); ++cut) {
                CAPTURE(cut);
                HttpClient client = server.client();
                client.send(request.substr(0, cut));
                server.settle();
                client.send(request.substr(cut));
                CHECK(client.receive().body == expected);
            }
        }
    }

    TEST_CASE("A connection cut anywhere between requests answers them all") {
        TestServer server(echo_handler());
        const std::string text = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(chunked) +
                                 "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            CAPTURE(cut);
            HttpClient client = server.client();
            client.send(text.substr(0, cut));
            server.settle();
            client.send(text.substr(cut));
            CHECK(client.receive().body == "GET /a []");
            CHECK(client.receive().body == "POST /c [hello]");
            CHECK(client.receive().body == "GET /b []");
        }
    }

    TEST_CASE("Requests byte by byte are answered in turn") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        for (const std::string_view request : {fixed, chunked, fixed}) {
            for (const char c : request) {
                client.send({&c, 1});
                server.settle();
            }
            CHECK(client.receive().body.ends_with("[hello]"));
        }
    }

    TEST_CASE("A long head in small pieces is one head") {
        TestServer server(function_handler(
            [](FunctionHandler& h) { h.answer(std::to_string(h.headers.get("X", "").size())); }));
        HttpClient client = server.client();
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
        for (int i = 0; i < 300; ++i) {
            client.send(std::string(100, 'x'));
            if (i % 10 == 0) server.settle();
        }
        client.send("\r\n");
        server.settle();
        client.send("\r\n");
        CHECK(client.receive().body == "30000");
    }

    TEST_CASE("A head that grows over its limit is refused before its end") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
        for (int i = 0; i < 330; ++i) client.send(std::string(100, 'x'));
        const Reply reply = client.receive();
        CHECK(reply.status == 431);
        CHECK(reply.get("Connection") == "close");
        CHECK(client.is_cut());
    }

    TEST_CASE("A request line that grows over its limit is refused before its end") {
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("GET /" + std::string(9000, 'x'));
        CHECK(client.receive().status == 414);
        CHECK(client.is_cut());
    }

    TEST_CASE("A large body, in memory or in a file, arrives whole") {
        std::string body;
        for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i) + ",";
        TestServer server(echo_handler());
        HttpClient client = server.client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
        CHECK(client.receive().body == "POST / [" + body + "]");
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t at = 0; at < body.size(); at += 256)
            client.send((body.size() - at < 256 ? "" : "100\r\n" + body.substr(at, 256) + "\r\n"));
        client.send("0\r\n\r\n");
        CHECK(client.receive().body == "POST / [" + body.substr(0, body.size() / 256 * 256) + "]");
    }

    TEST_CASE("A body that cannot be stored is 503, and is logged") {
        TestServer server(echo_handler(), [](ThreadingHTTPServer& s) {
            s.settings.body_memory = 10;
            s.settings.temp_directory = "/nonexistent";
        });
        HttpClient client = server.client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n01234567890");
        CHECK(client.receive().status == 503);
        CHECK(client.is_cut());
        CHECK(server.error_log().find("/nonexistent: No such file or directory") !=
              std::string::npos);
    }
}
