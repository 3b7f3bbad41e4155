// Deadlines, with the server's clock in our hand.
#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

bool answers_408(const std::string& all) {
    return all.starts_with("HTTP/1.1 408 Request Timeout\r\n") || all.find("HTTP/1.1 408 ") == 0;
}

/// Lets the send time pass, again where the kernel took some more bytes meanwhile.
template <class Server>
bool cut_after_a_while(Server& server, const std::function<bool()>& is_cut) {
    for (int i = 0; i < 10; ++i) {
        server.advance(61s);
        server.settle();
        if (is_cut()) return true;
    }
    return false;
}

}  // namespace

TEST_SUITE("timeouts") {
    TEST_CASE("A head that does not end gets 408 after its time") {
        TestServer server(echo_handler());
        for (const std::string_view part :
             {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\n", "\r\n"}) {
            CAPTURE(part);
            RawClient client = server.raw_client();
            client.send(part);
            server.advance(9900ms);
            CHECK_FALSE(client.something_there());
            server.advance(1100ms);
            const std::string all = client.receive_all();
            CHECK(answers_408(all));
            CHECK(all.find("\r\nConnection: close\r\n") != std::string::npos);
        }
    }

    TEST_CASE("A head that trickles in gets no more time") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        for (const std::string_view part : {"GET / HT", "TP/1.1\r\nHo", "st: h\r\nX: "}) {
            CHECK_FALSE(client.something_there());
            client.send(part);
            server.advance(4s);
        }
        CHECK(answers_408(client.receive_all()));
    }

    TEST_CASE("A second head has its own time") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("GET /a []");
        server.advance(50s);
        client.send("GET /b");
        server.advance(9s);
        CHECK_FALSE(client.something_there());
        client.send(" HTTP/1.1\r\nHost: h\r\n\r\n");
        client.receive_until("GET /b []");
        client.send("GET /c");
        server.advance(11s);
        CHECK(answers_408(client.receive_all()));
    }

    TEST_CASE("A 408 is logged with what came of the request") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        client.send("GET /slow HTTP/1.1\r\nUser-Agent: snail\r\nX");
        server.advance(11s);
        CHECK(answers_408(client.receive_all()));
        const std::string log = server.access_log();
        CHECK(log.find("\"GET /slow HTTP/1.1\" 408 ") != std::string::npos);
        CHECK(log.find("\"snail\"") != std::string::npos);
    }

    TEST_CASE("A client that sends nothing is let go without an answer") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        server.advance(9900ms);
        CHECK_FALSE(client.something_there());
        server.advance(1100ms);
        CHECK(client.ends());
        CHECK_FALSE(client.was_reset());
    }

    TEST_CASE("A connection between requests is closed after the idle time") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        for (int i = 0; i < 3; ++i) {
            client.send(get);
            client.receive_until("GET /a []");
            server.advance(59s);
            CHECK_FALSE(client.something_there());
        }
        server.advance(2s);
        CHECK(client.ends());
        CHECK_FALSE(client.was_reset());
    }

    TEST_CASE("A body that stops gets 408, one that goes on gets more time") {
        TestServer<HTTPServer> server(echo_handler());  // whose handler parks at once
        for (const std::string framing : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
            CAPTURE(framing);
            const bool chunked = framing[0] == 'T';
            RawClient client = server.raw_client();
            client.send("POST / HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n");
            for (int i = 0; i < 3; ++i) {
                client.send(chunked ? "1\r\nx\r\n" : "x");
                server.advance(29s);
                CHECK_FALSE(client.something_there());
            }
            server.advance(2s);
            CHECK(answers_408(client.receive_all()));
        }
    }

    TEST_CASE("A handler is not called for a body that does not come") {
        bool ran = false;
        TestServer<HTTPServer> server(function_handler([&](FunctionHandler& h) {
            ran = true;
            h.answer("");
        }));
        RawClient client = server.raw_client();
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
        server.advance(31s);
        CHECK(answers_408(client.receive_all()));
        server.stop();
        CHECK_FALSE(ran);
    }

    TEST_CASE("A handler may take its time") {
        std::promise<void> release;
        TestServer server(function_handler([&](FunctionHandler& h) {
            release.get_future().wait();
            h.answer("at last");
        }));
        RawClient client = server.raw_client();
        client.send(get);
        server.advance(1h);
        CHECK_FALSE(client.something_there());
        release.set_value();
        client.receive_until("at last");
    }

    TEST_CASE("A client that does not read its answer is cut, and the handler is told") {
        std::promise<bool> broken;
        TestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            try {
                for (int i = 0; i < 1000; ++i) h.wfile.write(std::string(100'000, 'x'));
                broken.set_value(false);
            } catch (const BrokenPipe&) {
                broken.set_value(true);
                throw;
            }
        }));
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive(1000);
        auto result = broken.get_future();
        CHECK(cut_after_a_while(server,
                                [&] { return result.wait_for(200ms) == std::future_status::ready; }));
        CHECK(result.get());
        CHECK(client.receive_all().size() < 50'000'000);
    }

    TEST_CASE("A client that leaves a whole answer in memory is cut") {
        TestServer<HTTPServer> server(
            function_handler([](FunctionHandler& h) { h.answer(std::string(30'000'000, 'x')); }));
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive(1000);
        CHECK(cut_after_a_while(server, [&] { return !client.send("x"); }));
        CHECK(client.receive_all().size() < 30'000'000);
    }

    TEST_CASE("A client that reads slowly, but reads, gets all of its answer") {
        TestServer server(
            function_handler([](FunctionHandler& h) { h.answer(std::string(40'000'000, 'x')); }));
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("\r\n\r\n");
        for (int i = 0; i < 4; ++i) {
            client.receive(10'000'000);  // more than the kernel holds: the server has sent, too
            server.advance(45s);
        }
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(client.receive(15) == "HTTP/1.1 200 OK");
    }

    TEST_CASE("A client that goes on sending after a refusal is cut in the end") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        client.send("BAD\r\n\r\n");
        CHECK(client.receive_all().starts_with("HTTP/1.1 400 "));
        CHECK(client.send("more"));
        server.advance(3s);
        CHECK_FALSE(client.send(std::string(10'000'000, 'x')));
    }
}
