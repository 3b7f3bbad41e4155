// What handlers get for comfort, on real connections: files, events, errors by exception.
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <ostream>
#include <string>

#include "handlers/event_stream.hpp"
#include "handlers/http_error.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_SUITE("headers_and_files") {
    TEST_CASE_TEMPLATE("send_file sends large files, ranges and 304 on one connection", Server,
                       HTTPServer, ThreadingHTTPServer) {
        const TempDir directory;
        std::string large(3'000'000, 'a');
        for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = 'b';
        const std::string path = directory.write("large.bin", large);
        TestServer<Server> server(
            function_handler([path](FunctionHandler& h) { h.send_file(path); }));
        HttpClient client = server.client();
        const Reply whole = client.get("/");
        CHECK(whole.status == 200);
        CHECK(whole.body == large);
        CHECK(client.request("HEAD", "/").get("Content-Length") == "3000000");
        const Reply part = client.get("/", {{"Range", "bytes=1000000-1999999"}});
        CHECK(part.status == 206);
        CHECK(part.body == large.substr(1'000'000, 1'000'000));
        CHECK(client.get("/", {{"If-None-Match", whole.get("ETag")}}).status == 304);
        CHECK(client.get("/").body.size() == large.size());
    }

    TEST_CASE("send_file of a missing file keeps the connection") {
        TestServer server(
            function_handler([](FunctionHandler& h) { h.send_file("/nowhere/to/be/found"); }));
        HttpClient client = server.client();
        CHECK(client.get("/").status == 404);
        CHECK(client.get("/").status == 404);
    }

    TEST_CASE("An HTTPError is answered, keeps the connection and logs no error") {
        TestServer server(function_handler([](FunctionHandler& h) {
            if (h.path == "/bad") throw HTTPError(400, "Not like this");
            h.answer("good");
        }));
        HttpClient client = server.client();
        const Reply bad = client.get("/bad");
        CHECK(bad.status == 400);
        CHECK(bad.reason == "Not like this");
        CHECK(client.get("/").body == "good");
        client.send("POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        CHECK(client.receive().status == 400);
        CHECK(client.get("/").body == "good");
    }

    TEST_CASE("An event arrives while its handler still works") {
        std::promise<void> received, ended;
        TestServer server(function_handler([&](FunctionHandler& h) {
            EventStream events(h);
            CHECK(events.open());
            events.send("one\ntwo", "news", "1");
            CHECK(received.get_future().wait_for(std::chrono::seconds(20)) ==
                  std::future_status::ready);
            events.send("three");
            ended.set_value();
        }));
        RawClient client = server.raw_client();
        client.send(get);
        const std::string head = client.receive_until("\r\n\r\n");
        CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
        CHECK(
            client.receive_until("\n\n").ends_with("event: news\nid: 1\ndata: one\ndata: two\n\n"));
        received.set_value();
        CHECK(client.receive_until("\n\n").ends_with("data: three\n\n"));
        ended.get_future().wait();
        CHECK(client.receive_until("0\r\n\r\n").ends_with("\r\n0\r\n\r\n"));
    }

    TEST_CASE("A stream ends its handler when the client has gone") {
        std::promise<bool> gone;
        TestServer server(function_handler([&](FunctionHandler& h) {
            EventStream events(h);
            try {
                for (;;) events.comment("are you there?");
            } catch (const BrokenPipe&) {
                gone.set_value(events.open());
                throw;
            }
        }));
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("are you there?");
        client.cut();
        CHECK_FALSE(gone.get_future().get());
    }
}
