#include "handlers/http/utf8.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

// Any number as the bytes that UTF-8 would have for it, allowed or not.
std::string encoded(unsigned code) {
    const auto byte = [](unsigned value) { return static_cast<char>(value); };
    const auto tail = [&](unsigned shift) { return byte(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) return {byte(code)};
    if (code < 0x800) return {byte(0xC0 | code >> 6), tail(0)};
    if (code < 0x10000) return {byte(0xE0 | code >> 12), tail(6), tail(0)};
    return {byte(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_SUITE("utf8") {
    TEST_CASE("Every character is well-formed, surrogates and what lies above are not") {
        int wrong = 0;
        for (unsigned code = 0; code < 0x120000; ++code) {
            const std::string text = encoded(code);
            const bool good = code < 0xD800 || (code > 0xDFFF && code < 0x110000);
            if (utf8_length_at(text, 0) != (good ? text.size() : 0)) ++wrong;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("Two bytes are well-formed exactly when RFC 3629 has them") {
        int wrong = 0;
        for (unsigned first = 0; first < 256; ++first) {
            for (unsigned second = 0; second < 256; ++second) {
                const std::string text = {static_cast<char>(first), static_cast<char>(second)};
                const bool ascii = first < 0x80 && second < 0x80;
                const bool pair = first >= 0xC2 && first <= 0xDF && (second & 0xC0) == 0x80;
                if (is_valid_utf8(text) != (ascii || pair)) ++wrong;
            }
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("Text is valid only as a whole") {
        struct Row {
            std::string_view text;
            bool valid;
        };
        const Row rows[] = {
            {"", true},
            {"plain", true},
            {"\0"sv, true},
            {"a\xC3\xA9z\xE2\x82\xAC\xF0\x9F\x98\x80", true},
            {"a\xC3", false},
            {"\xE2\x82", false},
            {"\xF0\x9F\x98", false},
            {"\xC3\xA9"sv.substr(0, 1), false},
            {"\xF0\x9F\x98\x80"sv.substr(0, 3), false},
            {"\xE2\x82z", false},
            {"\xF0\x9F\x98z", false},
            {"\x80", false},
            {"\xC0\xAF", false},
            {"\xC1\xBF", false},
            {"\xE0\x9F\xBF", false},
            {"\xF0\x8F\xBF\xBF", false},
            {"\xF8\x88\x80\x80\x80", false},
            {"\xFE", false},
            {"\xFF", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(is_valid_utf8(row.text) == row.valid);
        }
    }
}
