#include "handlers/http/field_values.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::string_view_literals;
using Views = std::vector<std::string_view>;

namespace {

Views elements(std::string_view list) {
    Views result;
    append_elements(result, list);
    return result;
}

std::string parameters(std::string_view text) {
    std::string result;
    while (const auto parameter = take_parameter(text))
        result.append(parameter->name).append("=").append(parameter->value).append("|");
    return result;
}

}  // namespace

TEST_SUITE("field_values") {
    TEST_CASE("Elements end at commas outside quotes, empty ones do not count") {
        struct Row {
            std::string_view list;
            Views elements;
        };
        const Row rows[] = {
            {"", {}},
            {"a", {"a"}},
            {"a,b", {"a", "b"}},
            {" a , \t b\t", {"a", "b"}},
            {",, ,a,,b, ,", {"a", "b"}},
            {"a b, c", {"a b", "c"}},
            {"\"a,b\", c", {"\"a,b\"", "c"}},
            {"x=\"a\\\",b\", c", {"x=\"a\\\",b\"", "c"}},
            {"\"\\\\\", c", {"\"\\\\\"", "c"}},
            {"a\\,b", {"a\\", "b"}},
            {"a, \"b, c", {"a", "\"b, c"}},
            {"\"", {"\""}},
            {"\"\\", {"\"\\"}},
            {"\"a\"b\"c,d\", e", {"\"a\"b\"c,d\"", "e"}},
            {"a\0b,c\0"sv, {"a\0b"sv, "c\0"sv}},
            {"\xff,\x80", {"\xff", "\x80"}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.list);
            CHECK(elements(row.list) == row.elements);
        }
    }

    TEST_CASE("Parameters end at semicolons outside quotes") {
        struct Row {
            std::string_view text, parameters;
        };
        const Row rows[] = {
            {"", ""},
            {";; ;", ""},
            {"a=b", "a=b|"},
            {" a = b ; c=d;", "a=b|c=d|"},
            {"a;b=;=c;=", "a=|b=|=c|=|"},
            {"a=\"x;y\";b==c", "a=\"x;y\"|b==c|"},
            {"a=\"x;b=c", "a=\"x;b=c|"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(parameters(row.text) == row.parameters);
        }
    }

    TEST_CASE("Unquoting needs a quote at both ends") {
        struct Row {
            std::string_view text, plain;
        };
        const Row rows[] = {
            {"", ""},           {"a", "a"},         {"\"a b\"", "a b"},   {"\"\"", ""},
            {"\"", "\""},       {"\"a", "\"a"},     {"a\"", "a\""},       {"\"a\\\"b\"", "a\"b"},
            {"\"\\\\\"", "\\"}, {"\"a\\\"", "a\\"}, {"\"a\"b\"", "a\"b"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(unquote(row.text) == row.plain);
        }
    }

    TEST_CASE("Many commas, semicolons, quotes and elements are read once") {
        const auto many = [](std::string_view piece, std::size_t times) {
            std::string text;
            for (std::size_t i = 0; i < times; ++i) text += piece;
            return text;
        };
        CHECK(elements(many(",", 10'000)).empty());
        CHECK(elements(many("a,", 1'000'000)).size() == 1'000'000);
        CHECK(elements(many("\",", 1'000'001)).size() == 500'001);
        CHECK(elements(many("\"\\", 1'000'000)).size() == 1);
        CHECK(parameters(many(";", 1'000'000)).empty());
        CHECK(parameters(many("a;", 10'000)).size() == 30'000);
    }
}
