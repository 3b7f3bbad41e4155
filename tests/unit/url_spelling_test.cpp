#include <doctest/doctest.h>

#include <string_view>

#include "handlers/http/url_path.hpp"

using namespace basehttp;

TEST_SUITE("url_path spelling") {
    TEST_CASE("A path has one usual spelling among the many that mean the same") {
        struct Row {
            std::string_view path;
            bool usual;
        };
        const Row rows[] = {
            {"/", true},           {"/a/b.html", true}, {"/a/", true},          {"/a%20b", true},
            {"/%C3%A4.txt", true}, {"/a'b:c", true},    {"/..a/.b", true},      {"//a", false},
            {"/a//b", false},      {"/a//", false},     {"/./a", false},        {"/a/.", false},
            {"/a/../b", false},    {"/a/..", false},    {"/%61", false},        {"/a%2eb", false},
            {"/a%2Eb", false},     {"/%7Ea", false},    {"/%c3%a4.txt", false}, {"/a%2fb", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(has_usual_spelling(row.path) == row.usual);
        }
    }
}
