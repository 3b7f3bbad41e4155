// Records from children: what goes in comes out, and nonsense is nothing.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "server/exchange/plain_answer.hpp"
#include "server/forking/child_record.hpp"

using namespace basehttp;

namespace {

/// A request whose head is text.
struct Sample {
    explicit Sample(const std::string& method = "GET")
        : text(method + " / HTTP/1.1\r\nHost: h\r\n\r\n"), head(parsed(text)) {}
    static RequestHead parsed(std::string_view text) {
        RequestHead head;
        REQUIRE(parse_request_head(text, HeadLimits{}, head).status == HeadStatus::complete);
        return head;
    }
    std::string text;
    RequestHead head;
    Request request{text, head, text.data(), Address{"1.2.3.4", 5}};

    std::string sent() {
        SendQueue queue;
        std::string all;
        request.outbox.take(queue);
        for (; !queue.empty(); queue.advance(queue.front().length))
            all.append(queue.front().memory(), queue.front().length);
        return all;
    }
};

std::string_view content(std::string_view record) { return record.substr(1); }

}  // namespace

TEST_SUITE("child records") {
    TEST_CASE("The end of an answer carries what its handler left in the request") {
        Sample child, parent;
        child.request.status = 206;
        child.request.body_bytes = 5'000'000'000;
        child.request.close_connection = child.request.log_access = true;
        child.request.log_fields = {{"word", "text", 0}, {"number", "", -7}};
        const std::string record = end_record(child.request);
        CHECK(record[0] == 'e');
        REQUIRE(read_end_record(content(record), parent.request));
        CHECK(parent.request.status == 206);
        CHECK(parent.request.body_bytes == 5'000'000'000);
        CHECK(parent.request.close_connection);
        CHECK_FALSE(parent.request.cut_off);
        CHECK(parent.request.log_access);
        REQUIRE(parent.request.log_fields.size() == 2);
        CHECK(parent.request.log_fields[0].name == "word");
        CHECK(parent.request.log_fields[0].text == "text");
        CHECK(parent.request.log_fields[1].name == "number");
        CHECK(parent.request.log_fields[1].number == -7);
    }

    TEST_CASE("The names of log fields outlive their record") {
        Sample child, parent;
        child.request.log_fields = {{"name", "", 1}};
        std::string record = end_record(child.request);
        REQUIRE(read_end_record(content(record), parent.request));
        record.assign(record.size(), 'x');
        CHECK(parent.request.log_fields[0].name == "name");
    }

    TEST_CASE("Log fields that do not fit are left out") {
        Sample child, parent;
        child.request.log_fields = {{"long", std::string(longest_record, 'x'), 0},
                                    {"short", "text", 0}};
        const std::string record = end_record(child.request);
        CHECK(record.size() <= longest_record);
        REQUIRE(read_end_record(content(record), parent.request));
        REQUIRE(parent.request.log_fields.size() == 1);
        CHECK(parent.request.log_fields[0].name == "short");
    }

    TEST_CASE("Every part of an end is nonsense, unless it ends behind a field") {
        Sample child;
        child.request.status = 200;
        const std::string bare = end_record(child.request);
        child.request.log_fields = {{"name", "text", 0}};
        const std::string whole = end_record(child.request);
        for (std::size_t size = 0; size <= whole.size() - 1; ++size) {
            CAPTURE(size);
            Sample parent;
            const bool good = read_end_record(content(whole).substr(0, size), parent.request);
            CHECK(good == (size == bare.size() - 1 || size == whole.size() - 1));
            if (!good) CHECK(parent.request.status == 0);
        }
    }

    TEST_CASE("Names are kept for a bounded number of them") {
        for (int i = 0; i < 1000; ++i) {
            const std::string name = "made-up-" + std::to_string(i);
            Sample child, parent;
            child.request.log_fields = {{name, "", 1}};
            const std::string record = end_record(child.request);
            REQUIRE(read_end_record(content(record), parent.request));
            if (i < 200) CHECK(parent.request.log_fields.size() == 1);
            if (i == 999) CHECK(parent.request.log_fields.empty());
        }
    }

    TEST_CASE("A file is told by offset and length") {
        const std::string record = file_record({7, 1ull << 40});
        CHECK(record[0] == 'f');
        const auto file = read_file_record(content(record));
        REQUIRE(file);
        CHECK(file->offset == 7);
        CHECK(file->length == 1ull << 40);
        CHECK_FALSE(read_file_record(content(record).substr(1)));
        CHECK_FALSE(read_file_record(record));
        CHECK_FALSE(read_file_record(""));
    }

    TEST_CASE("A line of the event log has its level, and no more than a record holds") {
        const std::string record = event_record(LogLevel::warning, "text");
        const auto event = read_event_record(content(record));
        REQUIRE(event);
        CHECK(event->level == LogLevel::warning);
        CHECK(event->text == "text");
        CHECK(event_record(LogLevel::error, std::string(100'000, 'x')).size() == longest_record);
        CHECK_FALSE(read_event_record(""));
        CHECK_FALSE(read_event_record("\x04text"));
        CHECK_FALSE(read_event_record("\xfftext"));
    }
}

TEST_SUITE("plain answer") {
    TEST_CASE("A plain answer is whole, and the connection closes") {
        Sample sample;
        sample.request.connection_fields = "Strict-Transport-Security: max-age=1\r\n";
        sample.request.rejection = {503, "Busy"};
        answer_plainly(sample.request, "Sat, 21 Nov 2026 16:00:00 GMT");
        CHECK(sample.sent() ==
              "HTTP/1.1 503 Busy\r\nDate: Sat, 21 Nov 2026 16:00:00 GMT\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n"
              "Strict-Transport-Security: max-age=1\r\nRetry-After: 5\r\n"
              "Connection: close\r\n\r\n503 Busy\n");
        CHECK(sample.request.close_connection);
        CHECK(sample.request.status == 503);
        CHECK(sample.request.body_bytes == 9);
        CHECK(sample.request.log_access);
    }

    TEST_CASE("A plain answer to HEAD has no content") {
        Sample sample("HEAD");
        sample.request.rejection = {500, "Internal Server Error"};
        answer_plainly(sample.request, "now");
        CHECK(sample.sent().ends_with("Content-Length: 26\r\nConnection: close\r\n\r\n"));
        CHECK(sample.request.body_bytes == 0);
    }

    TEST_CASE("A plain answer to a client that has left goes nowhere") {
        Sample sample;
        sample.request.outbox.cancel();
        sample.request.rejection = {500, "Internal Server Error"};
        answer_plainly(sample.request, "now");
        CHECK(sample.sent().empty());
    }
}
