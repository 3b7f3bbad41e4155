// Server-sent events without a network.
#include "handlers/event_stream.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using namespace std::string_view_literals;
using Answer = MemoryServer::Answer;

namespace {

/// The answer to an HTTP/1.0 client, whose content is not framed.
Answer run(const std::function<void(EventStream&)>& tell,
           std::string_view request = "GET / HTTP/1.0\r\n\r\n") {
    MemoryServer server(function_handler([&](FunctionHandler& h) {
        EventStream events(h);
        tell(events);
    }));
    return server.run(request);
}

}  // namespace

TEST_SUITE("EventStream") {
    TEST_CASE("The header tells browsers and proxies what follows") {
        const Answer answer = run([](EventStream&) {}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(answer.status == 200);
        CHECK(answer.has("Content-Type: text/event-stream"));
        CHECK(answer.has("Cache-Control: no-store"));
        CHECK(answer.has("X-Accel-Buffering: no"));
        CHECK(answer.has("Transfer-Encoding: chunked"));
        CHECK(answer.body() == "0\r\n\r\n");
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("An event is its fields, a line each, and an empty line") {
        struct Row {
            std::string_view data, event, id, text;
        };
        const Row rows[] = {
            {"hello", "", "", "data: hello\n\n"},
            {"", "", "", "data: \n\n"},
            {"a\nb\r\nc\rd", "", "", "data: a\ndata: b\ndata: c\ndata: d\n\n"},
            {"\n\n", "", "", "data: \ndata: \ndata: \n\n"},
            {"a\r\n", "", "", "data: a\ndata: \n\n"},
            {" x:y", "tick", "7", "event: tick\nid: 7\ndata:  x:y\n\n"},
            {"event: z\nid: 1", "", "", "data: event: z\ndata: id: 1\n\n"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.data);
            const Answer answer =
                run([&row](EventStream& events) { events.send(row.data, row.event, row.id); });
            CHECK(answer.body() == row.text);
        }
    }

    TEST_CASE("Comments and the retry delay are no events") {
        CHECK(run([](EventStream& events) { events.comment(); }).body() == ": \n\n");
        CHECK(run([](EventStream& events) { events.comment("a\ndata: b"); }).body() ==
              ": a\n: data: b\n\n");
        CHECK(run([](EventStream& events) { events.retry(std::chrono::seconds(2)); }).body() ==
              "retry: 2000\n\n");
    }

    TEST_CASE("A line break in event or id is refused, and nothing of the event is sent") {
        const Answer answer = run([](EventStream& events) {
            for (const std::string_view bad : {"a\nb"sv, "a\rb"sv, "a\0b"sv}) {
                CHECK_THROWS_AS(events.send("x", bad), std::invalid_argument);
                CHECK_THROWS_AS(events.send("x", "e", bad), std::invalid_argument);
            }
        });
        CHECK(answer.body() == "");
    }

    TEST_CASE("HEAD wants no events: the stream is not open and ends its handler") {
        const Answer answer = run(
            [](EventStream& events) {
                CHECK_FALSE(events.open());
                for (;;) events.send("x");
            },
            "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(answer.status == 200);
        CHECK(answer.body() == "");
    }
}
