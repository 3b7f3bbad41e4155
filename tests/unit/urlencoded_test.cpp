#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "handlers/forms/urlencoded_parser.hpp"
#include "handlers/http/query.hpp"
#include "tests/support/parsed_form.hpp"

using namespace basehttp;

namespace {

void check_summary(std::string_view body, std::string_view summary, const FormLimits& limits = {}) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        CAPTURE(body.substr(0, 100));
        CAPTURE(piece);
        CHECK(parse_urlencoded(body, limits, piece).summary() == summary);
    }
}

}  // namespace

TEST_SUITE("urlencoded_parser") {
    TEST_CASE("A form is read as parse_qsl reads it, however it is cut") {
        for (const std::string body :
             {"a=1&b=2", "a=&b=2", "a", "=", "=x", "&&a=1&&", "a=b=c", "a+b=c+d", "%61%3D=%26",
              "a=%zz&b=%4&c=%", "a=%c3%a4%ff", "a;b=1", "", "&", "a=%00"}) {
            for (const bool keep_blank_values : {false, true}) {
                const QueryItems items = urllib::parse_qsl(body, keep_blank_values);
                for (const std::size_t piece : {1u, 2u, 3u, 4u, 5u, 100u}) {
                    CAPTURE(body);
                    CAPTURE(piece);
                    const ParsedForm form =
                        parse_urlencoded(body, {.keep_blank_values = keep_blank_values}, piece);
                    CHECK(form.code == 0);
                    REQUIRE(form.fields.size() == items.size());
                    for (std::size_t i = 0; i < items.size(); ++i) {
                        CHECK(form.fields[i].head.name == items[i].first);
                        CHECK(form.fields[i].content == items[i].second);
                        CHECK(form.fields[i].complete);
                        CHECK(form.fields[i].head.filename == std::nullopt);
                    }
                }
            }
        }
    }

    TEST_CASE("A form of as much as the limits allow is read, more is 413") {
        check_summary("a=1&b=2", "a=1 b=2", {.fields = 2});
        check_summary("a=1&b=2&c=3", "413 The form has too many fields (limit: 2)", {.fields = 2});
        check_summary("a=&b=&c=", "413 The form has too many fields (limit: 2)", {.fields = 2});
        check_summary("a&b&c", "413 The form has too many fields (limit: 2)", {.fields = 2});
        check_summary("&&&a=1&&&b=2&&&", "a=1 b=2", {.fields = 2});
        check_summary("%61%61=1", "aa=1", {.name_bytes = 2});
        check_summary("aaa=1", "413 The name of a form field has too many bytes (limit: 2)",
                      {.name_bytes = 2});
        check_summary("a=%61%61", "a=aa", {.value_bytes = 2});
        check_summary("a=aaa", "413 A form field has too many bytes (limit: 2)",
                      {.value_bytes = 2});
        check_summary("a=1&b=2", "a=1 b=2", {.text_bytes = 4});
        check_summary("a=1&b=23",
                      "413 The fields of the form together have too many bytes (limit: 4)",
                      {.text_bytes = 4});
        check_summary("", "", {.fields = 0, .value_bytes = 0, .text_bytes = 0});
    }

    TEST_CASE("A field that never ends is 413 before it is all in memory") {
        ParsedForm form;
        UrlencodedParser parser({.name_bytes = 10, .value_bytes = 1000}, form);
        std::size_t fed = 0;
        const auto feed_all = [&] {
            for (; fed < 100'000; fed += 10) parser.feed("0123456789");
        };
        CHECK_THROWS_AS(feed_all(), FormError);
        CHECK(fed <= 3040);
        CHECK(form.fields.empty());
        const std::string name(5'000'000, 'n');
        check_summary(name, "413 The name of a form field has too many bytes (limit: 1024)");
        check_summary(name + "=&a=1",
                      "413 The name of a form field has too many bytes (limit: 1024)");
    }

    TEST_CASE("A limit that is no limit takes everything") {
        constexpr std::uint64_t no_limit = UINT64_MAX;
        const std::string value(300'000, 'v');
        for (const std::size_t piece : {std::size_t{1000}, SIZE_MAX}) {
            const ParsedForm form = parse_urlencoded(
                "a=" + value + "&b=1", {.value_bytes = no_limit, .text_bytes = no_limit}, piece);
            CHECK(form.code == 0);
            REQUIRE(form.fields.size() == 2);
            CHECK(form.fields[0].content == value);
        }
    }
}
