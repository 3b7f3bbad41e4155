#include "handlers/http/cookies.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

std::string cookies(std::string_view value) {
    std::vector<Cookie> found;
    append_cookies(found, value);
    std::string text;
    for (const Cookie& cookie : found)
        text.append(cookie.name).append(":").append(cookie.value).append("|");
    return text;
}

}  // namespace

TEST_SUITE("cookies") {
    TEST_CASE("Cookies are read as browsers send them") {
        struct Row {
            std::string_view value, cookies;
        };
        const Row rows[] = {
            {"", ""},
            {"SID=31d4d96e407aad42", "SID:31d4d96e407aad42|"},
            {"SID=31d4; lang=en-US", "SID:31d4|lang:en-US|"},
            {"a=1;b=2;  c=3\t;", "a:1|b:2|c:3|"},
            {"a=1; a=2; A=3", "a:1|a:2|A:3|"},
            {"a=; b=x", "a:|b:x|"},
            {"a=b=c==", "a:b=c==|"},
            {"a=\"b c\"; d=\"\"", "a:b c|d:|"},
            {"a=\"b; c=d\"", "a:\"b|c:d\"|"},
            {"a=\"", "a:\"|"},
            {"a=%20+x", "a:%20+x|"},
            {"a = 1 ; b =2", "a:1|b:2|"},
            {"token", ":token|"},
            {"=x; =", ":x|:|"},
            {";; ; ;", ""},
            {"$Version=1; a=\"1\"; $Path=\"/\"", "$Version:1|a:1|$Path:/|"},
            {"a={\"b\":\"c,d\"}", "a:{\"b\":\"c,d\"}|"},
            {"a=1, b=2", "a:1, b=2|"},
            {"n\xc3\xa9=\xff\x01", "n\xc3\xa9:\xff\x01|"},
            {"a=\0b"sv, "a:\0b|"sv},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CHECK(cookies(row.value) == row.cookies);
        }
    }

    TEST_CASE("Many cookies are read in linear time") {
        std::string value;
        for (int i = 0; i < 100'000; ++i) value += "a=b;;";
        CHECK(cookies(value).size() == 400'000);
        CHECK(cookies(std::string(1'000'000, ';')).empty());
    }
}
