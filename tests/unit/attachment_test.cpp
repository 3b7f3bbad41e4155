#include "handlers/http/attachment.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::string_view_literals;

TEST_SUITE("attachment") {
    TEST_CASE("A name that plain ASCII cannot say comes in two spellings") {
        struct Row {
            std::string_view name, field;
        };
        const Row rows[] = {
            {"a.txt", "attachment; filename=\"a.txt\""},
            {"a b;c=d'(1).txt", "attachment; filename=\"a b;c=d'(1).txt\""},
            {"\xe2\x82\xac 5.txt",
             "attachment; filename=\"_ 5.txt\"; filename*=UTF-8''%E2%82%AC%205.txt"},
            {"a\"b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"},
            {"50%41", "attachment; filename=\"50_41\"; filename*=UTF-8''50%2541"},
            {"\xc3\xa9*'", "attachment; filename=\"_*'\"; filename*=UTF-8''%C3%A9%2A%27"},
            // what must not reach a file system or a header section
            {"../../x", "attachment; filename=\".._.._x\""},
            {"..\\x", "attachment; filename=\".._x\""},
            {"a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie: b\""},
            {"a\0b\x7f"sv, "attachment; filename=\"a_b_\""},
            {"a\xff\xc3", "attachment; filename=\"a__\""},
            {"\xc3\xa9\xff", "attachment; filename=\"__\"; filename*=UTF-8''%C3%A9_"},
            {"", "attachment; filename=\"\""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.name);
            CHECK(attachment(row.name) == row.field);
        }
    }
}
