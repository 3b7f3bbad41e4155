#include "handlers/http/html_escape.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::string_view_literals;

TEST_SUITE("html_escape") {
    TEST_CASE("The five characters that mean something in HTML become references") {
        struct Row {
            std::string_view text, html;
        };
        const Row rows[] = {
            {"", ""},
            {"plain text; nothing = special/", "plain text; nothing = special/"},
            {"&<>\"'", "&amp;&lt;&gt;&quot;&#x27;"},
            {"&amp;", "&amp;amp;"},
            {"<script>alert('x')</script>", "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"},
            {"caf\xC3\xA9 \xFF", "caf\xC3\xA9 \xFF"},
            {"a\0<"sv, "a\0&lt;"sv},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(html_escape(row.text) == row.html);
        }
    }

    TEST_CASE("Any text becomes a valid JSON string") {
        struct Row {
            std::string_view text, json;
        };
        const Row rows[] = {
            {"", "\"\""},
            {"plain > & ' / text", "\"plain > & ' / text\""},
            {"\"\\", R"("\"\\")"},
            {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
            {"\0\x01\x0B\x1F\x10"sv, R"("\u0000\u0001\u000b\u001f\u0010")"},
            {"\x7F", "\"\x7F\""},
            {"</script>", R"("\u003c/script>")"},
            {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
            {"\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xE2\x82\xAC\xF0\x9F\x98\x80\""},
            {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
            {"\xC3", "\"\xEF\xBF\xBD\""},
            {"\xC3\"", "\"\xEF\xBF\xBD\\\"\""},
            {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
            {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(json_quote(row.text) == row.json);
        }
    }
}
