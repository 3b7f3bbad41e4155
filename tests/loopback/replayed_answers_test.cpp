// A replayed answer is the very answer that a handler gives, and HEAD is GET without content.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/loopback/replayed_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

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
