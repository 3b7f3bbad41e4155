// The map of header fields. What its values say: headers_typed_test.cpp.
#include "handlers/headers.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>

using namespace basehttp;
using Views = std::vector<std::string_view>;

namespace {

const std::vector<HeaderField> fields = {
    {"Host", "a"}, {"Accept", "x"}, {"ACCEPT", ""}, {"accept", "y, z"}, {"X", "1"}};

std::string text(const Headers& headers) {
    std::string lines;
    for (const auto& [name, value] : headers)
        lines.append(name).append(":").append(value).append(" ");
    return lines;
}

}  // namespace

TEST_SUITE("Headers") {
    TEST_CASE("A name is found in any case, the first field first") {
        const Headers headers(fields);
        CHECK(headers.get("hOST") == "a");
        CHECK(headers.get("accept") == "x");
        CHECK_FALSE(headers.get("hos"));
        CHECK_FALSE(headers.get("hostx"));
        CHECK_FALSE(headers.get(""));
        CHECK(headers.get("none", "fallback") == "fallback");
        CHECK(headers.get("x", "fallback") == "1");
        CHECK(headers["x"] == "1");
        CHECK_FALSE(headers["y"]);
        CHECK(headers.contains("x"));
        CHECK_FALSE(headers.contains("y"));
    }

    TEST_CASE("Repeated fields come in order, one by one or as a list") {
        const Headers headers(fields);
        CHECK(headers.get_all("Accept") == Views{"x", "", "y, z"});
        CHECK(headers.get_all("none").empty());
        CHECK(headers.joined("accept") == "x, , y, z");
        CHECK(headers.joined("host") == "a");
        CHECK_FALSE(headers.joined("none"));
    }

    TEST_CASE("All fields are iterated in the order they came") {
        const Headers headers(fields);
        CHECK(headers.size() == 5);
        CHECK(headers.keys() == Views{"Host", "Accept", "ACCEPT", "accept", "X"});
        CHECK(headers.values() == Views{"a", "x", "", "y, z", "1"});
        CHECK(text(headers) == "Host:a Accept:x ACCEPT: accept:y, z X:1 ");
    }

    TEST_CASE("Headers of nothing are empty and can be filled") {
        Headers headers;
        CHECK(headers.empty());
        CHECK_FALSE(headers.get("a"));
        headers.add_header("A", "1");
        headers.add_header("a", "2");
        CHECK(text(headers) == "A:1 a:2 ");
    }

    TEST_CASE("Headers that nobody changes are the request's own list") {
        const Headers headers(fields);
        CHECK(&headers.items() == &fields);
        Headers copy = headers;
        CHECK_FALSE(copy.replace_header("none", "x"));
        CHECK(copy.erase("none") == 0);
        CHECK(&copy.items() == &fields);
    }

    TEST_CASE("A change is seen in these headers only") {
        Headers headers(fields);
        headers.add_header("X-User", "ann");
        const Headers copy = headers;
        CHECK(headers.replace_header("ACCEPT", "new"));
        CHECK(headers.erase("accepT") == 3);
        CHECK(headers.erase("host") == 1);
        headers.add_header("x", "2");
        CHECK(text(headers) == "X:1 X-User:ann x:2 ");
        CHECK(text(copy) == "Host:a Accept:x ACCEPT: accept:y, z X:1 X-User:ann ");
        CHECK(fields.size() == 5);
        CHECK(fields[1].value == "x");
    }

    TEST_CASE("replace_header changes the first field and its place stays") {
        Headers headers(fields);
        CHECK(headers.replace_header("accept", "new"));
        CHECK(text(headers) == "Host:a Accept:new ACCEPT: accept:y, z X:1 ");
    }

    TEST_CASE("Views outlive the field they came from") {
        Headers headers(fields);
        headers.add_header("Long", std::string(100, 'l'));
        const std::string_view before = *headers.get("long");
        CHECK(headers.replace_header("Long", *headers.get("Long")));
        for (int i = 0; i < 100; ++i) headers.add_header("More", "m");
        headers.erase("long");
        CHECK(before == std::string(100, 'l'));
    }

    TEST_CASE("Copies and moved headers keep the text that was added") {
        Headers moved;
        {
            Headers headers(fields);
            headers.add_header("Long", std::string(100, 'l'));
            const Headers copy = headers;
            moved = std::move(headers);
            CHECK(copy.get("long") == std::string(100, 'l'));
        }
        CHECK(moved.get("long") == std::string(100, 'l'));
    }

    TEST_CASE("A field that would break the header section is refused") {
        using namespace std::string_view_literals;
        Headers headers(fields);
        CHECK_THROWS_AS(headers.add_header("", "x"), std::invalid_argument);
        CHECK_THROWS_AS(headers.add_header("a b", "x"), std::invalid_argument);
        CHECK_THROWS_AS(headers.add_header("a:", "x"), std::invalid_argument);
        CHECK_THROWS_AS(headers.add_header("a", "x\r"), std::invalid_argument);
        CHECK_THROWS_AS(headers.add_header("a", "x\ny: z"), std::invalid_argument);
        CHECK_THROWS_AS(headers.replace_header("Host", "x\0"sv), std::invalid_argument);
        CHECK(text(headers) == text(Headers(fields)));
    }
}
