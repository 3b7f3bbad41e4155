// Headers of scripts that are refused, and their limits.
#include <doctest/doctest.h>

#include <ostream>

#include "handlers/cgi/response_header.hpp"
#include "tests/support/script_output.hpp"

using namespace basehttp;
using namespace std::string_view_literals;

using Status = ScriptHeaderReader::Status;

TEST_SUITE("ScriptHeaderReader") {
    TEST_CASE("A bad header is refused with the reason") {
        struct Row {
            std::string_view text, error;
        };
        const Row rows[] = {
            {"", "it wrote nothing"},
            {"\n", "the header has no field, it begins with an empty line"},
            {"\r\nA: b\n\n", "the header has no field, it begins with an empty line"},
            {"\r", "the header has no end (an empty line)"},
            {"A: b", "the header has no end (an empty line)"},
            {"A: b\n", "the header has no end (an empty line)"},
            {"A: b\r\n\r", "the header has no end (an empty line)"},
            {"Hello", "the header line 'Hello' has no colon"},
            {"Hello\n", "the header line 'Hello' has no colon"},
            {"A: b\nHello\n\n", "the header line 'Hello' has no colon"},
            {"Traceback (most recent call last) in a file with a very long name:x\n",
             "the header line 'Traceback (most recent call last) in a file with a very long...' "
             "has no proper name before its colon"},
            {"A : b\n\n", "the header line 'A : b' has no proper name before its colon"},
            {": b\n\n", "the header line ': b' has no proper name before its colon"},
            {"A(: b\n\n", "the header line 'A(: b' has no proper name before its colon"},
            {"\xef\xbb\xbf"
             "A: b\n\n",
             "the header line '\xef\xbb\xbf"
             "A: b' has no proper name before its colon"},
            {"A: b\n c\n\n",
             "the header line ' c' begins with a blank, as if it continued another"},
            {"A: b\n\tc: d\n\n",
             "the header line '\tc: d' begins with a blank, as if it continued another"},
            {" A: b\n\n",
             "the header line ' A: b' begins with a blank, as if it continued another"},
            {"A: b\n \n\n", "the header line ' ' begins with a blank, as if it continued another"},
            {"A: b\0c\n\n"sv, "the header line 'A: b\0c' has a control character"sv},
            {"A: b\rc\n\n", "the header line 'A: b\rc' has a control character"},
            {"A: b\r\r\n\n", "the header line 'A: b\r' has a control character"},
            {"A: \x1b[0m\n\n", "the header line 'A: \x1b[0m' has a control character"},
            {"A: b\x7f\n\n", "the header line 'A: b\x7f' has a control character"},
            {"Status: 199\n\n", "the header line 'Status: 199' has no status from 200 to 599"},
            {"Status: 100 Continue\n\n",
             "the header line 'Status: 100 Continue' has no status from 200 to 599"},
            {"Status: 600\n\n", "the header line 'Status: 600' has no status from 200 to 599"},
            {"Status: 0200\n\n", "the header line 'Status: 0200' has no status from 200 to 599"},
            {"Status: 200OK\n\n", "the header line 'Status: 200OK' has no status from 200 to 599"},
            {"Status: -200\n\n", "the header line 'Status: -200' has no status from 200 to 599"},
            {"Status:\n\n", "the header line 'Status:' has no status from 200 to 599"},
            {"Status: OK\n\n", "the header line 'Status: OK' has no status from 200 to 599"},
            {"Status: 99999999999 x\n\n",
             "the header line 'Status: 99999999999 x' has no status from 200 to 599"},
            {"Status: 200\nStatus: 200\n\n", "the header line 'Status: 200' gives a second status"},
            {"HTTP/1.1 200 OK\nStatus: 404\n\n",
             "the header line 'Status: 404' differs from the status line"},
            {"HTTP/1.1 100 Continue\n\n",
             "the header line 'HTTP/1.1 100 Continue' has no status from 200 to 599"},
            {"HTTP/1.1 OK\n\n", "the header line 'HTTP/1.1 OK' has no status from 200 to 599"},
            {"HTTP/x 200 OK\n\n", "the header line 'HTTP/x 200 OK' has no colon"},
            {"A: b\nHTTP/1.1 200 OK\n\n", "the header line 'HTTP/1.1 200 OK' has no colon"},
            {"Content-Length: 5x\n\n",
             "the header line 'Content-Length: 5x' is not a number of bytes"},
            {"Content-Length: -5\n\n",
             "the header line 'Content-Length: -5' is not a number of bytes"},
            {"Content-Length: +5\n\n",
             "the header line 'Content-Length: +5' is not a number of bytes"},
            {"Content-Length:\n\n", "the header line 'Content-Length:' is not a number of bytes"},
            {"Content-Length: 18446744073709551616\n\n",
             "the header line 'Content-Length: 18446744073709551616' is not a number of bytes"},
            {"Content-Length: 5, 5\n\n",
             "the header line 'Content-Length: 5, 5' is not a number of bytes"},
            {"Content-Length: 5\nContent-Length: 6\n\n",
             "the header line 'Content-Length: 6' differs from the Content-Length before"},
            {"Location: /a\nLocation: /a\n\n",
             "the header line 'Location: /a' gives that field a second time"},
            {"Location:\n\n", "the header line 'Location:' has no value"},
            {"Content-Type: a/b\ncontent-type: a/b\n\n",
             "the header line 'content-type: a/b' gives that field a second time"},
            {"X-Sendfile: /a\nX-Sendfile: /b\n\n",
             "the header line 'X-Sendfile: /b' gives that field a second time"},
            {"X-Sendfile: \n\n", "the header line 'X-Sendfile: ' has no value"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            for (const std::size_t piece : {1u, 7u, 1000u}) {
                CAPTURE(piece);
                const ScriptOutcome outcome = read_script_output(row.text, piece);
                CHECK(outcome.status == Status::bad);
                CHECK(outcome.error == row.error);
            }
        }
    }

    TEST_CASE("A header may have exactly as many bytes as the limit") {
        constexpr std::string_view text = "A: b\r\n\r\ncontent";  // 8 bytes of header
        for (const std::size_t piece : {1u, 3u, 8u, 1000u}) {
            CAPTURE(piece);
            CHECK(read_script_output(text, piece, 8).status == Status::done);
            CHECK(read_script_output(text, piece, 8).content == "content");
            CHECK(read_script_output(text, piece, 7).status == Status::bad);
            CHECK(read_script_output(text, piece, 7).error == "the header has more than 7 bytes");
        }
        const ScriptOutcome endless = read_script_output(std::string(70'000, 'x'), 4096);
        CHECK(endless.error == "the header has more than 65536 bytes");
        // What is wrong before the limit is told rather than the limit.
        CHECK(read_script_output("Hello\n" + std::string(70'000, 'x')).error ==
              "the header line 'Hello' has no colon");
    }

    TEST_CASE("A reader is done or bad as soon as it can be") {
        ScriptHeaderReader good(100);
        CHECK(good.feed("A: b\n") == Status::more);
        CHECK(good.feed("\r") == Status::more);
        CHECK(good.feed("\nx") == Status::done);
        CHECK(good.finish() == Status::done);
        CHECK(good.rest() == "x");
        ScriptHeaderReader bad(100);
        CHECK(bad.feed("Hello\n") == Status::bad);
        CHECK(bad.finish() == Status::bad);
        CHECK(bad.error() == "the header line 'Hello' has no colon");
    }

    TEST_CASE("A header of many options and fields takes time in proportion") {
        std::string text = "Connection: ";
        for (int i = 0; i < 100'000; ++i) text += "x" + std::to_string(i) + ",";
        text += "\n";
        for (int i = 0; i < 100'000; ++i) text += "y" + std::to_string(i) + ":\n";
        const ScriptOutcome outcome = read_script_output(text + "\n", 1, 10'000'000);
        CHECK(outcome.status == Status::done);
        CHECK(outcome.header.fields.size() == 100'000);
    }
}
