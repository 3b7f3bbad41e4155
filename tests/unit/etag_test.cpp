#include "handlers/http/etag.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <ostream>
#include <set>
#include <string>
#include <vector>

using namespace basehttp;

namespace {

std::uint64_t hash_of(std::string_view text) { return content_hash({text.data(), text.size()}); }

bool is_strong_tag(const std::string& tag) {
    const std::string_view inner = std::string_view(tag).substr(1, tag.size() - 2);
    return tag.size() > 4 && tag.front() == '"' && tag.back() == '"' &&
           inner.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == inner.npos;
}

}  // namespace

TEST_SUITE("etag") {
    TEST_CASE("A tag is short, strong and made of size and time only") {
        CHECK(make_etag(1024, 1'700'000'000, 0) == "\"s44we8-sg\"");
        CHECK(make_etag(1024, 1'700'000'000, 123'456'789) == "\"s44we8.21i3v9-sg\"");
        CHECK(make_etag(1024, 1'700'000'000, 0, "br") == "\"s44we8-sg-br\"");
        CHECK(make_etag(0, 0, 0) == "\"0-0\"");
        CHECK(make_content_etag(35, 36, "gz") == "\"_z-10-gz\"");
    }

    TEST_CASE("Files, times and variants that differ have tags that differ") {
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        const std::vector<std::string> tags = {
            make_etag(1, 2, 3),
            make_etag(1, 2, 4),
            make_etag(1, 3, 2),
            make_etag(2, 1, 3),
            make_etag(1, 2, 0),
            make_etag(1, -2, 0),
            make_etag(1, 23, 0),
            make_etag(12, 3, 0),
            make_etag(1, 2, 3, "br"),
            make_etag(1, 2, 3, "gz"),
            make_etag(most, -1, 999'999'999, "zst"),
            make_content_etag(2, 1),
            make_content_etag(1, 2),
            make_content_etag(2, 1, "br"),
            make_content_etag(most, most, "zst"),
        };
        for (const std::string& tag : tags) {
            CAPTURE(tag);
            CHECK(is_strong_tag(tag));
        }
        CHECK(std::set<std::string>(tags.begin(), tags.end()).size() == tags.size());
    }

    // Written tags live in clients' caches: the function must stay what it is.
    TEST_CASE("The content hash of given bytes never changes") {
        CHECK(hash_of("") == 0xBDE243373D85912F);
        CHECK(hash_of("a") == 0xE40B4C454A23D9AD);
        CHECK(hash_of("The quick brown fox jumps over the lazy dog") == 0x8E77BB072B8F7C4C);
    }

    TEST_CASE("The content hash tells apart what differs by little") {
        std::set<std::uint64_t> seen;
        std::size_t inputs = 0;
        for (std::size_t length = 0; length < 300; ++length, ++inputs) {
            seen.insert(hash_of(std::string(length, '\0')));
        }
        for (std::size_t at = 0; at < 256; ++at) {
            for (int bit = 0; bit < 8; ++bit, ++inputs) {
                std::string text(256, 'x');
                text[at] = static_cast<char>(text[at] ^ (1 << bit));
                seen.insert(hash_of(text));
            }
        }
        for (int i = 0; i < 100'000; ++i, ++inputs) seen.insert(hash_of(std::to_string(i)));
        CHECK(seen.size() == inputs);
        CHECK(hash_of("abcdefgh12345678") != hash_of("12345678abcdefgh"));
    }

    TEST_CASE("Each bit of the input changes about half of the content hash") {
        for (const std::size_t length : {1U, 7U, 8U, 9U, 64U, 1000U}) {
            std::string text(length, '\0');
            const std::uint64_t plain = hash_of(text);
            int changed = 0;
            int least = 64;
            for (std::size_t bit = 0; bit < length * 8; ++bit) {
                text[bit / 8] = static_cast<char>(1 << (bit % 8));
                const int distance = std::popcount(plain ^ hash_of(text));
                text[bit / 8] = '\0';
                changed += distance;
                least = std::min(least, distance);
            }
            CAPTURE(length);
            const double average = changed / static_cast<double>(length * 8);
            CHECK(average > 28);
            CHECK(average < 36);
            CHECK(least >= 10);
        }
    }

    TEST_CASE("Every bit of the content hash is used") {
        int ones[64] = {};
        for (int i = 0; i < 10'000; ++i) {
            const std::uint64_t hash = hash_of(std::to_string(i));
            for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(hash >> bit & 1);
        }
        for (int bit = 0; bit < 64; ++bit) {
            CAPTURE(bit);
            CHECK(ones[bit] > 4700);
            CHECK(ones[bit] < 5300);
        }
    }

    TEST_CASE("The seed takes part, so that a file can be hashed in pieces") {
        const std::string text(1000, 'x');
        CHECK(content_hash({text.data(), 1000}, 1) != content_hash({text.data(), 1000}, 2));
        const std::uint64_t first = content_hash({text.data(), 500});
        CHECK(content_hash({text.data() + 500, 500}, first) != first);
    }

    TEST_CASE("The table of RFC 9110 section 8.8.3.2 holds") {
        struct Row {
            std::string_view a, b;
            bool strong, weak;
        };
        const Row rows[] = {
            {"W/\"1\"", "W/\"1\"", false, true}, {"W/\"1\"", "W/\"2\"", false, false},
            {"W/\"1\"", "\"1\"", false, true},   {"\"1\"", "\"1\"", true, true},
            {"\"1\"", "\"2\"", false, false},    {"\"a\"", "\"A\"", false, false},
            {"\"\"", "\"\"", true, true},        {"", "", false, false},
            {"", "\"\"", false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.a);
            CAPTURE(row.b);
            CHECK(etag_strong_equal(row.a, row.b) == row.strong);
            CHECK(etag_strong_equal(row.b, row.a) == row.strong);
            CHECK(etag_weak_equal(row.a, row.b) == row.weak);
            CHECK(etag_weak_equal(row.b, row.a) == row.weak);
        }
    }

    TEST_CASE("A list matches by any of its tags") {
        struct Row {
            std::string_view value, etag;
            bool strong, weak;
        };
        const Row rows[] = {
            {"\"xyzzy\"", "\"xyzzy\"", true, true},
            {"\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", "\"r2d2xxxx\"", true, true},
            {"\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", "\"c3piozzzz\"", true, true},
            {"\"xyzzy\"", "\"other\"", false, false},
            {"W/\"xyzzy\"", "\"xyzzy\"", false, true},
            {"\"xyzzy\"", "W/\"xyzzy\"", false, true},
            {"W/\"a\", \"a\"", "\"a\"", true, true},
            {"\"a\",\"b\"", "\"b\"", true, true},
            {"\"a\"\t , \t\"b\"", "\"b\"", true, true},
            {" \"a\" ", "\"a\"", true, true},
            {",, \"a\",, ,", "\"a\"", true, true},
            {"\"\"", "\"\"", true, true},
            // a comma, a backslash and high bytes belong to the tag
            {"\"a,b\"", "\"a,b\"", true, true},
            {"\"a,b\"", "\"b\"", false, false},
            {"\"x\", \"a, \", \"b\"", "\"a, \"", false, false},
            {"\"a\\\"", "\"a\\\"", true, true},
            {"\"\xC3\xA9\"", "\"\xC3\xA9\"", true, true},
            // any representation
            {"*", "\"a\"", true, true},
            {" * ", "\"a\"", true, true},
            {"*", "", true, true},
            {"\"*\"", "\"a\"", false, false},
            // nothing to match
            {"", "\"a\"", false, false},
            {",", "\"a\"", false, false},
            {"\"a\"", "", false, false},
            {"\"\"", "", false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CAPTURE(row.etag);
            CHECK(etag_list_matches(row.value, row.etag, true) == row.strong);
            CHECK(etag_list_matches(row.value, row.etag, false) == row.weak);
        }
    }

    TEST_CASE("A malformed list matches nothing") {
        const std::string_view rows[] = {
            "a",
            "\"a",
            "a\"",
            "'a'",
            "W/a",
            "w/\"a\"",
            "W/ \"a\"",
            "W\"a\"",
            "\"a\" \"b\"",
            "\"a\"\"b\"",
            "\"a\"; q=1",
            "\"a\", *",
            "*, \"a\"",
            "**",
            "\"a\", b",
            "b, \"a\"",
            "\"a\", \"b",
            "\"a\tb\", \"a\"",
            "\"a\x7F\", \"a\"",
            "\"a\n\", \"a\"",
            "\"a\"x",
            "W/",
            "\"",
        };
        for (const std::string_view row : rows) {
            CAPTURE(row);
            CHECK_FALSE(etag_list_matches(row, "\"a\"", true));
            CHECK_FALSE(etag_list_matches(row, "\"a\"", false));
        }
    }
}
