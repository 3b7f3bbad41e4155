// Bounds of a head, heads that come in pieces, and views that move with their text.
#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <vector>

#include "server/http1/request_head.hpp"

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

constexpr HeadLimits small{.request_line = 32, .header_bytes = 64, .header_fields = 3};

HeadResult parse(std::string_view text, const HeadLimits& limits = small) {
    RequestHead head;
    // A copy of exactly this size, so that AddressSanitizer sees a read past the end.
    const std::vector<char> exact(text.begin(), text.end());
    return parse_request_head({exact.data(), exact.size()}, limits, head);
}

constexpr std::string_view good_heads[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost:\ta \t\r\nX:\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "POST http://a:8/x?y HTTP/1.1\r\nHost: b\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
    "PUT /caf\xC3\xA9 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: \xFF y\r\n\r\n",
};

}  // namespace

TEST_SUITE("request_head") {
    TEST_CASE("Every beginning of a good head is incomplete, and the whole is complete") {
        for (const std::string_view text : good_heads) {
            CAPTURE(text);
            for (std::size_t size = 0; size < text.size(); ++size) {
                CAPTURE(size);
                CHECK(parse(text.substr(0, size), {}).status == HeadStatus::incomplete);
            }
            CHECK(parse(text, {}).status == HeadStatus::complete);
            CHECK(parse(text, {}).consumed == text.size());
        }
    }

    TEST_CASE("A request line of the limit is read, one byte more is 414") {
        const auto line = [](std::size_t size) {
            return "GET /" + std::string(size - 14, 'x') + " HTTP/1.1";
        };
        const std::string end = "\r\nHost: a\r\n\r\n";
        REQUIRE(line(32).size() == small.request_line);
        CHECK(parse(line(32) + end).status == HeadStatus::complete);
        CHECK(parse("\r\n" + line(32) + end).status == HeadStatus::complete);
        CHECK(parse(line(33) + end).code == 414);
        CHECK(parse("\r\n" + line(33) + end).code == 414);
    }

    TEST_CASE("A request line without end is refused as soon as it is too long") {
        CHECK(parse("GET /" + std::string(28, 'x')).status == HeadStatus::incomplete);
        CHECK(parse("GET /" + std::string(29, 'x')).code == 414);
        CHECK(parse("GET /" + std::string(5000, 'x')).code == 414);
        CHECK(parse(std::string(34, 'G')).code == 414);
    }

    TEST_CASE("The request line of a 414 is cut at the limit, for the log") {
        const std::string text = "GET /" + std::string(5000, 'x');
        RequestHead head;
        REQUIRE(parse_request_head(text, small, head).code == 414);
        CHECK(head.request_line == text.substr(0, small.request_line));
    }

    TEST_CASE("A header section of the limit is read, one byte more is 431") {
        const auto head = [](std::size_t size) {  // of the section, its empty line included
            return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size - 16, 'x') + "\r\n\r\n";
        };
        CHECK(parse(head(64)).status == HeadStatus::complete);
        CHECK(parse(head(65)).code == 431);
        CHECK(parse(head(5000)).code == 431);
        CHECK(parse(head(64) + std::string(5000, 'x')).status == HeadStatus::complete);
    }

    TEST_CASE("A header section without end is refused as soon as it is too long") {
        const std::string line = "GET / HTTP/1.1\r\n";
        CHECK(parse(line + "X: " + std::string(61, 'x')).status == HeadStatus::incomplete);
        CHECK(parse(line + "X: " + std::string(62, 'x')).code == 431);
        CHECK(parse(line + std::string(65, 'x')).code == 431);
        CHECK(parse(line + "X: a\r\n" + std::string(59, 'x')).code == 431);
    }

    TEST_CASE("As many fields as the limit are read, one more is 431") {
        const std::string line = "GET / HTTP/1.1\r\nHost: a\r\n";
        CHECK(parse(line + "A:\r\nB:\r\n\r\n").status == HeadStatus::complete);
        CHECK(parse(line + "A:\r\nB:\r\nC:\r\n\r\n").code == 431);
        CHECK(parse(line + "A:\r\nB:\r\nC:\r\n").code == 431);
    }

    TEST_CASE("The default limits are 8 KiB, 32 KiB and 100 fields") {
        const HeadLimits limits;
        CHECK(limits.request_line == 8192);
        CHECK(limits.header_bytes == 32768);
        CHECK(limits.header_fields == 100);
        std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (int i = 0; i < 99; ++i) text += "X: " + std::string(300, 'y') + "\r\n";
        CHECK(parse(text + "\r\n", limits).status == HeadStatus::complete);
        CHECK(parse(text + "X: y\r\n\r\n", limits).code == 431);
    }

    TEST_CASE("A wrong byte is refused without waiting for the end of the head") {
        for (const std::string_view text : {
                 "\x16\x03\x01"sv,
                 " "sv,
                 "GET / HTTP/1.1\n"sv,
                 "GET / HTTP/1.1\r\n "sv,
                 "GET / HTTP/1.1\r\nX :"sv,
                 "GET / HTTP/1.1\r\nX: a\n"sv,
                 "GET / HTTP/1.1\r\nX: a\rb"sv,
                 "GET / HTTP/1.1\r\nX: \0"sv,
                 "GET / HTTP/1.1\r\nContent-Length: x\r\n"sv,
                 "GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n"sv,
                 "GET / HTTP/1.1\r\n\n"sv,
             }) {
            CAPTURE(text);
            CHECK(parse(text, {}).status == HeadStatus::bad);
        }
    }

    TEST_CASE("A bad head tells what was understood, for the log and the error page") {
        RequestHead head;
        const auto text = "HEAD /x HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nX : y\r\n\r\n"sv;
        REQUIRE(parse_request_head(text, {}, head).status == HeadStatus::bad);
        CHECK(head.request_line == "HEAD /x HTTP/1.1");
        CHECK(head.method == "HEAD");
        CHECK(head.user_agent == "b");
    }

    TEST_CASE("Views move with the text, literals stay") {
        const std::string text =
            "GET http://a.example HTTP/1.1\r\nHost: b\r\nAccept-Encoding: c\r\nRange: d\r\n"
            "If-Match: e\r\nIf-None-Match: f\r\nIf-Modified-Since: g\r\nIf-Unmodified-Since: h\r\n"
            "If-Range: i\r\nReferer: j\r\nUser-Agent: k\r\nContent-Length: 5\r\n\r\n";
        RequestHead head;
        REQUIRE(parse_request_head(text, {}, head).status == HeadStatus::complete);
        const std::string other = text;
        const RequestHead moved = head.rebased(text.data(), other.data());

        const auto moved_well = [&](std::string_view before, std::string_view after) {
            return before == after && after.data() >= other.data() &&
                   after.data() - other.data() == before.data() - text.data();
        };
        CHECK(moved.target == "/");
        CHECK(moved.host == "a.example");
        constexpr std::string_view RequestHead::*views[] = {&RequestHead::request_line,
                                                            &RequestHead::method,
                                                            &RequestHead::raw_target,
                                                            &RequestHead::version,
                                                            &RequestHead::host,
                                                            &RequestHead::accept_encoding,
                                                            &RequestHead::range,
                                                            &RequestHead::if_match,
                                                            &RequestHead::if_none_match,
                                                            &RequestHead::if_modified_since,
                                                            &RequestHead::if_unmodified_since,
                                                            &RequestHead::if_range,
                                                            &RequestHead::referer,
                                                            &RequestHead::user_agent};
        for (const auto view : views) {
            CAPTURE(head.*view);
            CHECK(moved_well(head.*view, moved.*view));
        }
        REQUIRE(moved.fields.size() == head.fields.size());
        for (std::size_t i = 0; i < head.fields.size(); ++i) {
            CHECK(moved_well(head.fields[i].name, moved.fields[i].name));
            CHECK(moved_well(head.fields[i].value, moved.fields[i].value));
        }
        CHECK(moved.content_length == 5);
        CHECK(moved.conditional);
    }

    TEST_CASE("A target within the text moves, and an absent field stays absent") {
        const std::string text = "GET http://a/x?y HTTP/1.1\r\nHost: b\r\n\r\n";
        RequestHead head;
        REQUIRE(parse_request_head(text, {}, head).status == HeadStatus::complete);
        const std::string other = text;
        const RequestHead moved = head.rebased(text.data(), other.data());
        CHECK(moved.target == "/x?y");
        CHECK(moved.target.data() == other.data() + text.find("/x"));
        CHECK(moved.range.data() == nullptr);
        CHECK(moved.accept_encoding.data() == nullptr);
    }

    TEST_CASE("Each byte of a value is judged, wherever it stands") {
        for (unsigned byte = 0; byte < 256; ++byte) {
            CAPTURE(byte);
            const bool good = byte == '\t' || (byte >= ' ' && byte != 0x7f);
            for (std::size_t place = 1; place < 20; ++place) {
                std::string value(21, byte % 2 == 0 ? 'a' : '\xff');
                value[place] = static_cast<char>(byte);
                const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX: " + value + "\r\n\r\n";
                RequestHead head;
                const HeadResult result = parse_request_head(text, {}, head);
                REQUIRE((result.status == HeadStatus::complete) == good);
                if (good) REQUIRE(head.fields.back().value == value);
            }
        }
    }
}
