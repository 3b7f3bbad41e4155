#include "handlers/http/quality_values.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "handlers/http/field_values.hpp"

using namespace basehttp;
using namespace std::string_view_literals;
using Views = std::vector<std::string_view>;

namespace {

std::vector<QualityValue> sorted(std::string_view list) {
    Views elements;
    append_elements(elements, list);
    return sorted_quality_values(elements);
}

std::string text(const std::vector<QualityValue>& values) {
    std::string result;
    for (const QualityValue& v : values)
        result.append(v.value).append("/").append(std::to_string(v.weight)).append(" ");
    return result;
}

}  // namespace

TEST_SUITE("quality_values") {
    TEST_CASE("A weight is a number from 0 to 1 with up to three decimals") {
        struct Row {
            std::string_view element;
            std::optional<unsigned> weight;
        };
        const Row rows[] = {
            {"a", 1000},
            {"a;q=1", 1000},
            {"a;q=1.", 1000},
            {"a;q=1.000", 1000},
            {"a;q=0", 0},
            {"a;q=0.", 0},
            {"a;q=0.000", 0},
            {"a;q=0.5", 500},
            {"a;q=0.05", 50},
            {"a;q=0.001", 1},
            {"a;Q=0.999", 999},
            {"a ; q=0.1", 100},
            {"a;\tq=0.1", 100},
            {"a;x=y;q=0.2", 200},
            {"a;q=0.2;x", {}},
            {"a;q=0.2;x=y", 200},
            {"a;;q=0.3;", 300},
            {"a;q=1.0000", {}},
            {"a;q=.5", {}},
            {"a;q=NaN", {}},
            {"a;q=inf", {}},
            {"a;q=1.001", {}},
            {"a;q=2", {}},
            {"a;q=-0", {}},
            {"a;q=-1", {}},
            {"a;q=+1", {}},
            {"a;q=00", {}},
            {"a;q=01", {}},
            {"a;q=1e0", {}},
            {"a;q=0.1e", {}},
            {"a;q=0,5", {}},
            {"a;q=\"1\"", {}},
            {"a;q=", {}},
            {"a;q", {}},
            {"a;q =1", {}},
            {"a;q= 1", {}},
            {"a;q=1;q=1", {}},
            {"a;q=0.1\0"sv, {}},
            {"a;=1", {}},
            {"a;x=", {}},
            {"a;x=y z", {}},
            {"a;x=\"y", {}},
            {"a;x=\"y z\"", 1000},
            {";q=1", {}},
            {"", {}},
            {";", {}},
            {"a;q=99999999999999999999999", {}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.element);
            const auto value = parse_quality_value(row.element);
            CHECK(value.has_value() == row.weight.has_value());
            if (value && row.weight) CHECK(value->weight == *row.weight);
        }
    }

    TEST_CASE("The value is what stands before the parameters") {
        const auto value = parse_quality_value("text/html ; level=1; q=0.4 ;v=\";,\"");
        REQUIRE(value);
        CHECK(value->value == "text/html");
        CHECK(value->parameters == " level=1; q=0.4 ;v=\";,\"");
        CHECK(value->parameter_count == 2);
        CHECK(value->weight == 400);
    }

    TEST_CASE("The heaviest comes first, equal ones as they came, malformed ones not at all") {
        CHECK(text(sorted("a;q=0.1, b, c;q=0, d;q=2, e, f;q=0.5")) ==
              "b/1000 e/1000 f/500 a/100 c/0 ");
        CHECK(text(sorted("de-CH, de;q=0.9, *;q=0.1")) == "de-CH/1000 de/900 */100 ");
        CHECK(sorted(" , ;q=1,").empty());
    }

    TEST_CASE("The best match has the highest weight of the most specific range") {
        struct Row {
            std::string_view ranges;
            Views offers;
            std::optional<std::string_view> best;
        };
        const Row rows[] = {
            {"", {"a/b", "c/d"}, "a/b"},
            {"nonsense;q=7", {"a/b", "c/d"}, "a/b"},
            {"*/*", {"a/b", "c/d"}, "a/b"},
            {"c/d, */*;q=0.1", {"a/b", "c/d"}, "c/d"},
            {"A/B;q=0.5, c/D;q=0.6", {"a/b", "c/d"}, "c/d"},
            {"x/y", {"a/b", "c/d"}, {}},
            {"a/b;q=0, */*", {"a/b", "c/d"}, "c/d"},
            {"a/*;q=0, a/b;q=0.1", {"a/c", "a/b"}, "a/b"},
            {"*/*;q=0.1, a/*;q=0.2, a/b;q=0.3", {"x/y", "a/c", "a/b"}, "a/b"},
            {"*/*;q=0.3, a/*;q=0.2, a/b;q=0.1", {"a/b", "a/c", "x/y"}, "x/y"},
            {"a/b, a/b;q=0", {"a/b"}, "a/b"},
            {"text/x", {"text/x-y"}, {}},
            {"a/*", {"ab/c", "a"}, {}},
            // RFC 9110 section 12.5.1: parameters are more specific still
            {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5",
             {"text/plain", "text/plain;format=flowed"},
             "text/plain;format=flowed"},
            {"text/html;level=2;q=0.4, text/html;q=0.3",
             {"text/html;LEVEL=\"2\"", "x/y"},
             "text/html;LEVEL=\"2\""},
            {"text/html;level=1", {"text/html"}, {}},
            {"text/html", {"text/html; charset=utf-8"}, "text/html; charset=utf-8"},
            // languages, codings
            {"de-CH, en;q=0.8", {"en-GB", "de-CH"}, "de-CH"},
            {"de;q=0.5, de-CH;q=0.1", {"de-CH", "de-AT"}, "de-AT"},
            {"de", {"den", "deutsch"}, {}},
            {"de-CH", {"de"}, {}},
            {"fr, *;q=0.1", {"en", "de"}, "en"},
            {"*;q=0", {"en"}, {}},
            {"gzip;q=0.5, br", {"gzip", "br"}, "br"},
            {"*", {}, {}},
            {"", {}, {}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.ranges);
            CHECK(best_match(sorted(row.ranges), row.offers) == row.best);
        }
    }

    TEST_CASE("Many ranges and parameters are read in linear time") {
        std::string ranges, parameters = "a/b";
        for (int i = 0; i < 100'000; ++i) {
            ranges += "x/y;q=0.5,";
            parameters += ";p=1";
        }
        CHECK(sorted(ranges).size() == 100'000);
        CHECK_FALSE(best_match(sorted(ranges), {"a/b", "c/d"}));
        CHECK_FALSE(best_match(sorted(parameters), {"a/b", "c/d"}));
    }
}
