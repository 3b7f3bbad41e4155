#include "server/http1/body_decoder.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <ostream>
#include <string>
#include <vector>

using namespace basehttp;
using namespace std::string_view_literals;
using Status = BodyDecoder::Status;

namespace {

constexpr std::uint64_t plenty = std::numeric_limits<std::uint64_t>::max();

struct Decoded {
    Status status = Status::more;
    std::size_t consumed = 0;
    std::string content;
    std::string reason;
};

/// Feeds the text in pieces, each an allocation of its own so that AddressSanitizer sees a read
/// past its end; stops at the first result other than `more`.
Decoded decode(BodyDecoder decoder, std::string_view text, std::size_t piece) {
    Decoded all;
    while (all.status == Status::more && all.consumed < text.size()) {
        const std::string_view next = text.substr(all.consumed, piece);
        const std::vector<char> exact(next.begin(), next.end());
        const auto result = decoder.feed({exact.data(), exact.size()}, [&](std::string_view bytes) {
            all.content.append(bytes);
        });
        all.status = result.status;
        all.consumed += result.consumed;
        all.reason = result.reason;
        if (result.status == Status::more) REQUIRE(result.consumed == next.size());
        REQUIRE(result.consumed <= next.size());
    }
    return all;
}

/// All at once, byte by byte, and everything between must come to the same.
Decoded decode_any_way(const BodyDecoder& decoder, std::string_view text) {
    const Decoded whole = decode(decoder, text, text.size());
    for (std::size_t piece = 1; piece < text.size() && piece < 40; ++piece) {
        CAPTURE(piece);
        const Decoded pieces = decode(decoder, text, piece);
        CHECK(pieces.status == whole.status);
        CHECK(pieces.content == whole.content);
        if (whole.status != Status::bad) CHECK(pieces.consumed == whole.consumed);
    }
    return whole;
}

}  // namespace

TEST_SUITE("body_decoder") {
    TEST_CASE("A fixed body is as long as announced, whatever follows") {
        const auto text = "hello GET / HTTP/1.1\r\n"sv;
        const Decoded body = decode_any_way(BodyDecoder::fixed(5, plenty), text);
        CHECK(body.status == Status::done);
        CHECK(body.content == "hello");
        CHECK(body.consumed == 5);
    }

    TEST_CASE("A fixed body knows what is still to come") {
        BodyDecoder decoder = BodyDecoder::fixed(10, plenty);
        CHECK(decoder.remaining() == 10);
        CHECK_FALSE(decoder.is_chunked());
        const auto ignore = [](std::string_view) {};
        CHECK(decoder.feed("abc", ignore).status == Status::more);
        CHECK(decoder.remaining() == 7);
        CHECK(decoder.feed("", ignore).status == Status::more);
        CHECK(decoder.feed("defghijklm", ignore).status == Status::done);
        CHECK(decoder.remaining() == 0);
    }

    TEST_CASE("A finished body takes nothing more") {
        BodyDecoder empty = BodyDecoder::fixed(0, 0);
        const auto refuse = [](std::string_view) { FAIL("content after the end"); };
        CHECK(empty.feed("GET", refuse).status == Status::done);
        CHECK(empty.feed("GET", refuse).consumed == 0);

        BodyDecoder chunked = BodyDecoder::chunked(plenty);
        CHECK(chunked.feed("0\r\n\r\n", refuse).status == Status::done);
        CHECK(chunked.feed("5\r\nhello\r\n", refuse).status == Status::done);
        CHECK(chunked.feed("5\r\nhello\r\n", refuse).consumed == 0);
    }

    TEST_CASE("A fixed body over the limit is refused before its first byte") {
        CHECK(decode(BodyDecoder::fixed(11, 10), "x", 1).status == Status::too_large);
        CHECK(decode(BodyDecoder::fixed(plenty, 10), "x", 1).status == Status::too_large);
        CHECK(decode(BodyDecoder::fixed(10, 10), "0123456789", 3).content == "0123456789");
    }

    TEST_CASE("Chunks are put together, and what follows them is left") {
        struct Row {
            std::string_view text, content;
        };
        const Row rows[] = {
            {"0\r\n\r\n", ""},
            {"5\r\nhello\r\n0\r\n\r\n", "hello"},
            {"1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", "abcdef"},
            {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
            {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
            {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
            {"5\r\nhello\r\n000\r\n\r\n", "hello"},
            {"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},
            {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"},
            {"3\r\n\0\r\n\r\n0\r\n\r\n"sv, "\0\r\n"sv},
            // extensions: read over
            {"5;a\r\nhello\r\n0\r\n\r\n", "hello"},
            {"5;a=b;c=\"d e\"\r\nhello\r\n0;x=\"\xC3\xA9;\"\r\n\r\n", "hello"},
            {"5 ;a\r\nhello\r\n0\t;\tb\r\n\r\n", "hello"},
            {"5;\r\nhello\r\n0;\r\n\r\n", "hello"},
            // trailers
            {"5\r\nhello\r\n0\r\nX: y\r\n\r\n", "hello"},
            {"0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n", ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            const std::string text = std::string(row.text) + "GET /next HTTP/1.1\r\n\r\n";
            const Decoded body = decode_any_way(BodyDecoder::chunked(plenty), text);
            CHECK(body.status == Status::done);
            CHECK(body.content == row.content);
            CHECK(body.consumed == row.text.size());
        }
    }

    TEST_CASE("Every beginning of a chunked body wants more") {
        const auto text = "5;a=b\r\nhello\r\n1 ;x\r\n!\r\n00\r\nX: y\r\nZ:\r\n\r\n"sv;
        for (std::size_t size = 1; size < text.size(); ++size) {
            CAPTURE(size);
            CHECK(decode(BodyDecoder::chunked(plenty), text.substr(0, size), size).status ==
                  Status::more);
        }
        BodyDecoder decoder = BodyDecoder::chunked(plenty);
        CHECK(decoder.is_chunked());
        CHECK(decoder.remaining() == 0);
        CHECK(decoder.feed("", [](std::string_view) {}).status == Status::more);
    }

    TEST_CASE("Trailer fields are kept apart from the content") {
        BodyDecoder decoder = BodyDecoder::chunked(plenty);
        std::string content;
        const auto result =
            decoder.feed("1\r\na\r\n0\r\nX-Sum:  12 \t\r\nEmpty:\r\nx-sum: 13\r\n\r\n",
                         [&](std::string_view bytes) { content.append(bytes); });
        CHECK(result.status == Status::done);
        CHECK(content == "a");
        const std::vector<std::pair<std::string, std::string>> expected = {
            {"X-Sum", "12"}, {"Empty", ""}, {"x-sum", "13"}};
        CHECK(decoder.trailers() == expected);
    }

    TEST_CASE("A chunked body that is not exactly right is refused") {
        for (const std::string_view text : {
                 // sizes
                 "\r\nhello\r\n0\r\n\r\n"sv,
                 "x\r\nhello\r\n0\r\n\r\n"sv,
                 "g\r\n"sv,
                 "0x5\r\nhello\r\n0\r\n\r\n"sv,
                 "+5\r\nhello\r\n0\r\n\r\n"sv,
                 "-5\r\nhello\r\n0\r\n\r\n"sv,
                 "-1\r\n"sv,
                 " 5\r\nhello\r\n0\r\n\r\n"sv,
                 "5 \r\nhello\r\n0\r\n\r\n"sv,
                 "5\t\r\nhello\r\n0\r\n\r\n"sv,
                 "5 a\r\nhello\r\n0\r\n\r\n"sv,
                 "5,5\r\nhello\r\n0\r\n\r\n"sv,
                 "5.0\r\nhello\r\n0\r\n\r\n"sv,
                 "5_0\r\n"sv,
                 "5\0\r\nhello\r\n0\r\n\r\n"sv,
                 "\xEF\xBC\x95\r\nhello\r\n"sv,
                 "00000000000000005\r\nhello\r\n0\r\n\r\n"sv,  // 17 digits
                 "10000000000000005\r\nhello\r\n0\r\n\r\n"sv,  // 5 past 2^64
                 "fffffffffffffffff\r\n"sv,
                 // line ends
                 "5\nhello\n0\n\n"sv,
                 "5\nhello\r\n0\r\n\r\n"sv,
                 "5\r\nhello\n0\r\n\r\n"sv,
                 "5\r\nhello\r\n0\n\r\n"sv,
                 "5\r\nhello\r\n0\r\n\n"sv,
                 "5\rhello\r\n0\r\n\r\n"sv,
                 "5\r\rhello\r\n0\r\n\r\n"sv,
                 "5\r\r\nhello\r\n0\r\n\r\n"sv,
                 "5\r\nhello\r0\r\n\r\n"sv,
                 "5\r\nhello\r\r\n0\r\n\r\n"sv,
                 "5\r\nhello\r\n0\r\n\r\r\n"sv,
                 "5;a\nhello\r\n0\r\n\r\n"sv,
                 "5;a\rb\r\nhello\r\n0\r\n\r\n"sv,
                 "5;a\n2\r\nhello\r\n0\r\n\r\n"sv,  // an extension that hides a size line
                 // content longer or shorter than its size
                 "4\r\nhello\r\n0\r\n\r\n"sv,
                 "6\r\nhello\r\n0\r\n\r\n"sv,
                 "5\r\nhello0\r\n\r\n"sv,
                 "5\r\nhello \r\n0\r\n\r\n"sv,
                 // extensions
                 "5;\0\r\nhello\r\n0\r\n\r\n"sv,
                 "5;a=\x01\r\nhello\r\n0\r\n\r\n"sv,
                 "5;a=\x7f\r\nhello\r\n0\r\n\r\n"sv,
                 // trailers
                 "0\r\nX\r\n\r\n"sv,
                 "0\r\n: y\r\n\r\n"sv,
                 "0\r\nX : y\r\n\r\n"sv,
                 "0\r\n X: y\r\n\r\n"sv,
                 "0\r\nX: y\r\n z\r\n\r\n"sv,
                 "0\r\nX: y\0z\r\n\r\n"sv,
                 "0\r\nX: y\rz\r\n\r\n"sv,
                 "0\r\nX: y\nZ: z\r\n\r\n"sv,
                 "0\r\nGET / HTTP/1.1\r\n\r\n"sv,
             }) {
            CAPTURE(text);
            const Decoded body = decode_any_way(BodyDecoder::chunked(plenty), text);
            CHECK(body.status == Status::bad);
            CHECK(body.reason != "");
        }
    }

    TEST_CASE("A wrong byte after a chunk is refused without waiting for the line's end") {
        for (const std::string_view text :
             {"5\r\nhello!"sv, "5\r\nhello\r!"sv, "5\r\nhello\n"sv, "5\r!"sv, "0\r\nX: \r!"sv}) {
            CAPTURE(text);
            CHECK(decode_any_way(BodyDecoder::chunked(plenty), text).status == Status::bad);
        }
    }

    TEST_CASE("Content over the limit is refused at the size line, before it is sent") {
        struct Row {
            std::string_view text;
            Status status;
        };
        const Row rows[] = {
            {"a\r\n0123456789\r\n0\r\n\r\n", Status::done},
            {"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", Status::done},
            {"b\r\n", Status::too_large},
            {"5\r\n01234\r\n6\r\n", Status::too_large},
            {"ffffffffffffffff\r\n", Status::too_large},
            {"5\r\n01234\r\nfffffffffffffffb\r\n", Status::too_large},  // the sum is 2^64
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(decode_any_way(BodyDecoder::chunked(10), row.text).status == row.status);
        }
    }

    TEST_CASE("A size line or trailer line has a longest length") {
        const auto ends_with_line = [](std::size_t size, std::string begin) {
            begin.append(size - begin.size() - 2, 'x');
            return begin + "\r\n";
        };
        constexpr std::size_t limit = BodyDecoder::line_limit;
        const std::string rest = "hello\r\n0\r\n\r\n";
        const auto status = [](const std::string& text) {
            return decode(BodyDecoder::chunked(plenty), text, 1000).status;
        };
        CHECK(status(ends_with_line(limit, "5;a=") + rest) == Status::done);
        CHECK(status(ends_with_line(limit + 1, "5;a=") + rest) == Status::bad);
        CHECK(status("5;" + std::string(limit, 'x')) == Status::bad);
        CHECK(status("0\r\n" + ends_with_line(limit, "X:") + "\r\n") == Status::done);
        CHECK(status("0\r\n" + ends_with_line(limit + 1, "X:") + "\r\n") == Status::bad);
        CHECK(status("0\r\n" + std::string(limit + 1, 'x')) == Status::bad);
    }

    TEST_CASE("Extensions and trailers together are bounded") {
        std::string extensions, trailers = "0\r\n";
        const std::string filler(1000, 'x');
        for (int i = 0; i < 70; ++i) {
            extensions += "1;" + filler + "\r\na\r\n";
            trailers += "X: " + filler + "\r\n";
        }
        const auto status = [](const std::string& text) {
            return decode(BodyDecoder::chunked(plenty), text, 5000).status;
        };
        CHECK(status(extensions + "0\r\n\r\n") == Status::bad);
        CHECK(status(trailers + "\r\n") == Status::bad);
        CHECK(status(extensions.substr(0, 60 * 1007) + "0\r\n\r\n") == Status::done);
    }
}
