#include "handlers/cgi/query_arguments.hpp"

#include <doctest/doctest.h>

using namespace basehttp;

TEST_SUITE("query_arguments") {
    TEST_CASE("An indexed query gives its words, any other query none") {
        struct Row {
            std::string_view query;
            std::vector<std::string> arguments;
        };
        const Row rows[] = {
            {"", {}},
            {"red", {"red"}},
            {"red+blue%21", {"red", "blue!"}},
            {"a+b+c", {"a", "b", "c"}},
            {"a%2Bb", {"a+b"}},
            {"a%3db", {"a=b"}},
            {"a&b;c", {"a&b;c"}},
            {"%20", {" "}},
            {"%c3%A4", {"\xc3\xa4"}},
            {"%2541", {"%41"}},
            // a form
            {"a=b", {}},
            {"a+b=", {}},
            {"=", {}},
            // bad escapes
            {"%", {}},
            {"%4", {}},
            {"a+%4", {}},
            {"%4+1", {}},
            {"%g1", {}},
            {"%1g", {}},
            {"good+%zz", {}},
            {"%%41", {}},
            // NUL
            {"%00", {}},
            {"good+a%00b", {}},
            {std::string_view("a\0b", 3), {}},
            // what a program, or awk -f in a #! line, would take for an option
            {"-s", {}},
            {"a+-e+b", {}},
            {"%2d%2D", {}},
            {"a-b+1-", {"a-b", "1-"}},
            // empty words
            {"+", {}},
            {"+a", {}},
            {"a+", {}},
            {"a++b", {}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.query);
            CHECK(query_arguments(row.query) == row.arguments);
        }
    }

    TEST_CASE("An escape ends with the query, whatever stands behind it in memory") {
        CHECK(query_arguments(std::string_view("a%41").substr(0, 3)).empty());
    }

    TEST_CASE("Arguments are bounded in number and size") {
        CHECK(query_arguments(std::string(longest_indexed_query, 'a')).size() == 1);
        CHECK(query_arguments(std::string(longest_indexed_query + 1, 'a')).empty());
        std::string words = "a";
        for (std::size_t i = 1; i < most_query_arguments; ++i) words += "+a";
        CHECK(query_arguments(words).size() == most_query_arguments);
        CHECK(query_arguments(words + "+a").empty());
    }
}
