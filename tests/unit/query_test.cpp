// Expected values come from urllib.parse of Python 3.11, called with errors='surrogateescape' so
// that ill-formed UTF-8 can be compared byte by byte.
#include "handlers/http/query.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <stdexcept>
#include <string>

using namespace basehttp;
using urllib::parse_qs;
using urllib::parse_qsl;

namespace {

/// "[a=1][b=]"
std::string shown(const QueryItems& items) {
    std::string text;
    for (const auto& [name, value] : items)
        text.append("[").append(name).append("=").append(value).append("]");
    return text;
}

}  // namespace

TEST_SUITE("query") {
    TEST_CASE("parse_qsl reads what Python reads") {
        struct Row {
            std::string_view query;
            std::string_view without_blanks;
            std::string_view with_blanks;
        };
        const Row rows[] = {
            {"a=1&b=2", "[a=1][b=2]", "[a=1][b=2]"},
            {"a=1&a=2", "[a=1][a=2]", "[a=1][a=2]"},
            {"a=&b=2", "[b=2]", "[a=][b=2]"},
            {"a", "", "[a=]"},
            {"=", "", "[=]"},
            {"=x", "[=x]", "[=x]"},
            {"a&b=1", "[b=1]", "[a=][b=1]"},
            {"a=1&&b=2&", "[a=1][b=2]", "[a=1][b=2]"},
            {"a=b=c", "[a=b=c]", "[a=b=c]"},
            {"a+b=c+d", "[a b=c d]", "[a b=c d]"},
            {"%61%3D=%26", "[a==&]", "[a==&]"},
            {"a=%2B+", "[a=+ ]", "[a=+ ]"},
            {"a= b", "[a= b]", "[a= b]"},
            {"a;b=1;c=2", "[a;b=1;c=2]", "[a;b=1;c=2]"},
            {"&", "", ""},
            {"", "", ""},
            // bad escapes stay, any byte goes
            {"a=%zz", "[a=%zz]", "[a=%zz]"},
            {"a=%4", "[a=%4]", "[a=%4]"},
            {"a=%", "[a=%]", "[a=%]"},
            {"a=%c3%a4", "[a=\xc3\xa4]", "[a=\xc3\xa4]"},
            {"a=%ff", "[a=\xff]", "[a=\xff]"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.query);
            CHECK(shown(parse_qsl(row.query)) == row.without_blanks);
            CHECK(shown(parse_qsl(row.query, true)) == row.with_blanks);
        }
        CHECK(parse_qsl("a=1%00b")[0].second == std::string("1\0b", 3));
    }

    TEST_CASE("parse_qsl counts fields before it makes any") {
        CHECK(parse_qsl("a=1&b=2", false, 2).size() == 2);
        CHECK_THROWS_AS(parse_qsl("a=1&b=2", false, 1), std::invalid_argument);
        CHECK_THROWS_AS(parse_qsl("&&", false, 2), std::invalid_argument);
        CHECK(parse_qsl("", false, 0).empty());
        CHECK(parse_qsl("a=1" + std::string(999, '&')).size() == 1);
        CHECK_THROWS_WITH(parse_qsl(std::string(1000, '&')), "a query with more than 1000 fields");
    }

    TEST_CASE("parse_qs gathers the values of a name") {
        const auto values = parse_qs("b=1&a=2&b=3&c=");
        CHECK(values.size() == 2);
        CHECK(values.at("a") == std::vector<std::string>{"2"});
        CHECK(values.at("b") == std::vector<std::string>{"1", "3"});
        CHECK(parse_qs("c=", true).at("c") == std::vector<std::string>{""});
    }

    TEST_CASE("quote escapes what Python escapes, and unquote undoes it") {
        struct Row {
            std::string_view text, quoted, plus, nothing_safe;
        };
        const Row rows[] = {
            {"/a b/c", "/a%20b/c", "%2Fa+b%2Fc", "%2Fa%20b%2Fc"},
            {"\xc3\xa4", "%C3%A4", "%C3%A4", "%C3%A4"},
            {"~_.-", "~_.-", "~_.-", "~_.-"},
            {"a&b=c", "a%26b%3Dc", "a%26b%3Dc", "a%26b%3Dc"},
            {"%41", "%2541", "%2541", "%2541"},
            {"1+1", "1%2B1", "1%2B1", "1%2B1"},
            {"", "", "", ""},
            {"/:@!$&'()*+,;=", "/%3A%40%21%24%26%27%28%29%2A%2B%2C%3B%3D",
             "%2F%3A%40%21%24%26%27%28%29%2A%2B%2C%3B%3D",
             "%2F%3A%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"},
            {std::string_view("\0\x7f", 2), "%00%7F", "%00%7F", "%00%7F"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(urllib::quote(row.text) == row.quoted);
            CHECK(urllib::quote_plus(row.text) == row.plus);
            CHECK(urllib::quote(row.text, "") == row.nothing_safe);
            CHECK(urllib::unquote(row.quoted) == row.text);
            CHECK(urllib::unquote_plus(row.plus) == row.text);
        }
        CHECK(urllib::unquote("a+b%2") == "a+b%2");
        CHECK(urllib::quote("a,b;c", ",") == "a,b%3Bc");
        CHECK(urllib::quote("\xff", "\xff") == "%FF");
    }

    TEST_CASE("urlencode is undone by parse_qsl") {
        const QueryItems items = {{"a b", "c&d"}, {"\xc3\xa4", "/"}, {"", ""}};
        CHECK(urllib::urlencode(items) == "a+b=c%26d&%C3%A4=%2F&=");
        CHECK(parse_qsl(urllib::urlencode(items), true) == items);
        CHECK(urllib::urlencode({}).empty());
    }

    TEST_CASE("urlsplit cuts where Python cuts") {
        struct Row {
            std::string_view url;
            urllib::UrlParts parts;
        };
        const Row rows[] = {
            {"/a?b=c", {"", "", "/a", "b=c", ""}},
            {"/a?", {"", "", "/a", "", ""}},
            {"http://h:80/p?q#f", {"http", "h:80", "/p", "q", "f"}},
            {"//h/p", {"", "h", "/p", "", ""}},
            {"http://h?q", {"http", "h", "", "q", ""}},
            {"a:b", {"a", "", "b", "", ""}},
            {"1a:b", {"", "", "1a:b", "", ""}},
            {"/a:b", {"", "", "/a:b", "", ""}},
            {"/p#f?q", {"", "", "/p", "", "f?q"}},
            {"/p?q?r#f#g", {"", "", "/p", "q?r", "f#g"}},
            {"*", {"", "", "*", "", ""}},
            {"", {"", "", "", "", ""}},
            {"?x", {"", "", "", "x", ""}},
            {":", {"", "", ":", "", ""}},
            {"h-t.p+s://u:p@[::1]:8/", {"h-t.p+s", "u:p@[::1]:8", "/", "", ""}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.url);
            CHECK(urllib::urlsplit(row.url) == row.parts);
        }
    }

    TEST_CASE("A Query is asked by name") {
        const Query query("/search?q=red+apple&page=2&q=%C3%A4&debug&a%20b=c");
        CHECK(query.get("q") == "red apple");
        CHECK(query.get("page", "1") == "2");
        CHECK(query.get("size", "10") == "10");
        CHECK(query.get("size") == std::nullopt);
        CHECK(query.get("a b") == "c");
        CHECK(query.get_all("q") == std::vector<std::string>{"red apple", "\xc3\xa4"});
        CHECK(query.contains("debug"));
        CHECK(query.get("debug") == "");
        CHECK_FALSE(query.contains("Debug"));
        CHECK(query.items().size() == 5);
        CHECK(query.text().starts_with("q=red+apple&"));
    }

    TEST_CASE("A Query of a path without one is empty") {
        for (const std::string_view path : {"/", "/?", "*", "", "/#?a=b"}) {
            CAPTURE(path);
            const Query query(path);
            CHECK(query.text().empty());
            CHECK_FALSE(query.contains("a"));
            CHECK(query.items().empty());
        }
    }
}
