// Methods of a static site.
#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {
constexpr std::string_view allowed = "GET, HEAD, OPTIONS";
}

TEST_SUITE("daemon methods") {
    TEST_CASE("OPTIONS tells the methods of a path and of the server") {
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str()});
        for (const char* target : {"*", "/", "/file.txt", "/missing"}) {
            CAPTURE(target);
            const Reply reply = daemon.request("OPTIONS", target);
            CHECK(reply.status == 204);
            CHECK(reply.get("Allow") == allowed);
            CHECK_FALSE(reply.has("Content-Length"));
            CHECK_FALSE(reply.has("Transfer-Encoding"));
        }
        CHECK(daemon.get("*").status == 400);
    }

    TEST_CASE("Methods that a file does not have are 405 and unknown ones 501") {
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str()});
        for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
            CAPTURE(method);
            for (const char* target : {"/file.txt", "/missing"}) {
                const Reply reply = daemon.request(method, target);
                CHECK(reply.status == 405);
                CHECK(reply.get("Allow") == allowed);
            }
        }
        for (const char* method : {"SPAM", "get", "PROPFIND", "GETGET", "M-SEARCH"}) {
            CAPTURE(method);
            const Reply reply = daemon.request(method, "/file.txt");
            CHECK(reply.status == 501);
            CHECK_FALSE(reply.has("Allow"));
        }
        const Reply tunnel = daemon.request("CONNECT", "localhost:80");
        CHECK((tunnel.status == 405 || tunnel.status == 400));
    }

    TEST_CASE("A refused body does not become the next request") {
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        const std::string body = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
        client.send("POST /file.txt HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        client.send("GET /file.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        CHECK(client.receive().status == 405);
        CHECK(client.receive().body == "x");
        CHECK(client.ends());
    }

    TEST_CASE("HEAD tells what GET would, without content") {
        const TempDir site;
        site.write("file.txt", "0123456789");
        site.write("big.bin", std::string(3 << 20, 'b'));
        site.write("page.html", std::string(4000, 'p'));
        site.mkdir("sub");
        const Daemon daemon({.root = site.str()});
        const struct {
            const char* target;
            Fields fields;
            int status;
        } rows[] = {
            {"/file.txt", {}, 200},
            {"/big.bin", {}, 200},
            {"/page.html", {{"Accept-Encoding", "br"}}, 200},
            {"/sub/", {}, 200},
            {"/sub/", {{"Accept", "application/json"}}, 200},
            {"/sub", {}, 301},
            {"/missing", {}, 404},
            {"/%zz", {}, 400},
        };
        for (const auto& row : rows) {
            CAPTURE(row.target);
            HttpClient client(daemon.endpoint());
            const Reply head = client.request("HEAD", row.target, row.fields);
            const Reply get = client.get(row.target, row.fields);
            CHECK(head.status == row.status);
            Fields comparable;
            for (const auto& field : get.fields)
                if (field.first != "Transfer-Encoding" && field.first != "Date")
                    comparable.push_back(field);
            Fields of_head;
            for (const auto& field : head.fields)
                if (field.first != "Date") of_head.push_back(field);
            CHECK((of_head == comparable));
        }
        // Range is defined for GET only (RFC 9110 section 14.2).
        const Reply ranged = daemon.request("HEAD", "/file.txt", {{"Range", "bytes=0-1"}});
        CHECK(ranged.status == 200);
        CHECK(ranged.get("Content-Length") == "10");
    }

    TEST_CASE("A GET with a body is answered and the body skipped") {
        const TempDir site;
        site.write("file.txt", "x");
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        for (int i = 0; i < 2; ++i) {
            client.send("GET /file.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            CHECK(client.receive().body == "x");
        }
        client.send(
            "GET /file.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\n\r\n");
        CHECK(client.receive().body == "x");
    }
}
