#include "handlers/headers.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;

TEST_SUITE("Headers") {
    const std::vector<HeaderField> fields = {
        {"Host", "a"}, {"Accept", "x"}, {"ACCEPT", ""}, {"accept", "y, z"}, {"X", "1"}};

    TEST_CASE("A name is found in any case, the first field first") {
        const Headers headers(fields);
        CHECK(headers.get("hOST") == "a");
        CHECK(headers.get("accept") == "x");
        CHECK_FALSE(headers.get("hos"));
        CHECK_FALSE(headers.get("hostx"));
        CHECK_FALSE(headers.get(""));
        CHECK(headers.get("none", "fallback") == "fallback");
        CHECK(headers.get("x", "fallback") == "1");
        CHECK(headers.contains("x"));
        CHECK_FALSE(headers.contains("y"));
    }

    TEST_CASE("Repeated fields come in order, one by one or as a list") {
        const Headers headers(fields);
        CHECK(headers.get_all("Accept") == std::vector<std::string_view>{"x", "", "y, z"});
        CHECK(headers.get_all("none").empty());
        CHECK(headers.joined("accept") == "x, , y, z");
        CHECK(headers.joined("host") == "a");
        CHECK_FALSE(headers.joined("none"));
    }

    TEST_CASE("All fields are iterated in the order they came") {
        const Headers headers(fields);
        CHECK(headers.size() == 5);
        std::string names;
        for (const HeaderField& field : headers) names.append(field.name).append(" ");
        CHECK(names == "Host Accept ACCEPT accept X ");
    }
}
