// Clients that close their side, or all, while a handler works for them.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <latch>
#include <ostream>
#include <semaphore>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/watched_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view old_get = "GET /a HTTP/1.0\r\n\r\n";
constexpr std::string_view processing = "HTTP/1.1 102 Processing\r\n\r\n";

/// A handler that works until it is told to answer, or its client is given up.
struct Work {
    std::latch entered{1};
    std::counting_semaphore<> something_happened{0};
    std::atomic<bool> told = false;
    std::promise<bool> given_up;
    bool begin_answer = false;

    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            h.request.outbox.set_wake([this] { something_happened.release(); });
            if (begin_answer) {
                h.send_response(200);
                h.end_headers();
                h.wfile.write("begun");
                h.wfile.flush();
            }
            entered.count_down();
            while (!told && !h.request.outbox.cancelled()) something_happened.acquire();
            h.request.outbox.set_wake({});
            const bool cancelled = h.request.outbox.cancelled();
            given_up.set_value(cancelled);
            if (begin_answer) return;
            if (cancelled) throw BrokenPipe("as a write would");
            h.answer("answer [" + h.rfile.read() + "]");
        });
    }
    void end() {
        told = true;
        something_happened.release();
    }
    bool is_given_up() { return given_up.get_future().get(); }
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("half-closed clients") {
    TEST_CASE("An HTTP/1.1 client is asked once for a sign of life, and gets its answer") {
        Work work;
        TestServer server(work.handler());
        RawClient client = server.raw_client();
        client.send(get);
        work.entered.wait();
        client.half_close();
        server.settle();
        CHECK_FALSE(client.something_there());
        server.advance(1s);
        CHECK(client.receive(processing.size()) == processing);
        for (int i = 0; i < 3; ++i) server.advance(1s);
        CHECK_FALSE(client.something_there());
        work.end();
        const std::string rest = client.receive_all();
        CHECK(rest.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(rest.ends_with("\r\n\r\nanswer []"));
        CHECK_FALSE(client.was_reset());
        CHECK_FALSE(work.is_given_up());
        CHECK(contains(server.access_log(), "\"GET /a HTTP/1.1\" 200 9 "));
    }

    TEST_CASE("A client whose side is open is not asked") {
        Work work;
        TestServer server(work.handler());
        RawClient client = server.raw_client();
        client.send(get);
        work.entered.wait();
        for (int i = 0; i < 3; ++i) server.advance(1s);
        CHECK_FALSE(client.something_there());
        work.end();
        client.receive_until("answer []");
    }

    TEST_CASE("A quick answer is not preceded by a question") {
        TestServer server(echo_handler());
        RawClient client = server.raw_client();
        client.send(std::string(get) + std::string(get));
        client.half_close();
        const std::string all = client.receive_all();
        CHECK_FALSE(contains(all, "102"));
        CHECK(all.ends_with("GET /a []"));
    }

    TEST_CASE("An HTTP/1.0 client, which has no interim answers, is given up") {
        Work work;
        TestServer server(work.handler());
        RawClient client = server.raw_client();
        client.send(old_get);
        work.entered.wait();
        client.half_close();
        server.settle();
        server.advance(1s);
        CHECK(work.is_given_up());
        CHECK(client.receive_all() == "");
        CHECK(contains(server.access_log(), "\"GET /a HTTP/1.0\" 499 "));
    }

    TEST_CASE("A client that closed entirely is noticed") {
        for (const std::string_view request : {get, old_get}) {
            CAPTURE(request);
            Work work;
            TestServer server(work.handler());
            {
                RawClient client = server.raw_client();
                client.send(request);
                work.entered.wait();
            }
            server.settle();
            server.advance(1s);
            CHECK(work.is_given_up());
            CHECK(contains(server.access_log(), "\" 499 "));
        }
    }

    TEST_CASE("A client whose answer has begun is given up without a word") {
        for (const std::string_view request : {get, old_get}) {
            CAPTURE(request);
            Work work;
            work.begin_answer = true;
            TestServer server(work.handler());
            RawClient client = server.raw_client();
            client.send(request);
            client.receive_until("begun");
            client.half_close();
            server.settle();
            server.advance(1s);
            CHECK(work.is_given_up());
            CHECK_FALSE(contains(client.receive_all(), "102"));
            CHECK(contains(server.access_log(), "\" 200 5 "));
        }
    }

    TEST_CASE("100 Continue is no answer that has begun") {
        Work work;
        TestServer server(work.handler());
        RawClient client = server.raw_client();
        client.send(
            "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        client.receive_until("HTTP/1.1 100 Continue\r\n\r\n");
        client.send("hello");
        client.half_close();
        work.entered.wait();
        server.settle();
        server.advance(1s);
        work.end();
        const std::string all = client.receive_all();
        CHECK(all.starts_with(processing));
        CHECK(all.ends_with("\r\n\r\nanswer [hello]"));
        CHECK_FALSE(work.is_given_up());
    }

    TEST_CASE("A client whose handler waits for its turn is asked too") {
        WaitingHandlers handlers;
        TestServer<WatchedServer> server(handlers.factory());
        RawClient client = server.raw_client();
        client.send(get);
        server.server().turns_end();
        client.half_close();
        server.settle();
        server.advance(1s);
        CHECK(client.receive(processing.size()) == processing);
        server.advance(1s);
        CHECK_FALSE(client.something_there());
        handlers.resume_all();
        CHECK(client.receive_all().ends_with("turn 2 []"));
    }

    TEST_CASE("A client that closed entirely ends its handler's wait") {
        WaitingHandlers handlers;
        TestServer<WatchedServer> server(handlers.factory());
        {
            RawClient client = server.raw_client();
            client.send(get);
            server.server().turns_end();
        }
        server.settle();
        server.advance(1s);
        for (int i = 0; i < 3; ++i) server.settle();
        CHECK(handlers.destroyed == 1);
        CHECK(contains(server.access_log(), "\" 499 0 "));
    }
}

TEST_SUITE("cut answers") {
    /// Half an answer without length; `cut`: it is to be seen that it is half.
    HandlerFactory half_an_answer(bool cut) {
        return function_handler([cut](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            h.wfile.write("half");
            h.wfile.flush();
            if (cut) h.wfile.abandon();
            h.request.cut_off = cut;
        });
    }

    TEST_CASE("An HTTP/1.0 answer that stays incomplete ends in a reset") {
        for (const bool cut : {true, false}) {
            CAPTURE(cut);
            TestServer server(half_an_answer(cut));
            RawClient client = server.raw_client();
            client.send(old_get);
            client.receive_all();
            CHECK(client.was_reset() == cut);
            CHECK(contains(server.access_log(), "\"GET /a HTTP/1.0\" 200 4 "));
        }
    }

    TEST_CASE("An HTTP/1.1 answer that is abandoned has no last chunk") {
        TestServer server(half_an_answer(true));
        CHECK(exchange(server.port(), std::string(get) + std::string(get)).find("0\r\n\r\n") ==
              std::string::npos);
    }
}
