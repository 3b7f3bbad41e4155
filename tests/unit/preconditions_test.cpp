#include "handlers/http/preconditions.hpp"

#include <doctest/doctest.h>

#include <array>
#include <ostream>

using namespace basehttp;

namespace {

constexpr std::time_t modified = 784'111'777;
constexpr std::string_view same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::string_view hit = "\"x\"";
constexpr std::string_view weak_hit = "W/\"x\"";
constexpr std::string_view miss = "\"y\"";
const std::optional<std::string_view> none;

constexpr auto go = PreconditionResult::proceed;
constexpr auto s304 = PreconditionResult::not_modified;
constexpr auto s412 = PreconditionResult::failed;

const Validators current{hit, modified};

struct Row {
    std::string_view rule;
    PreconditionFields fields;
    PreconditionResult get;
    PreconditionResult put;
};

template <std::size_t N>
void check_rows(const Validators& validators, const Row (&rows)[N]) {
    for (const Row& row : rows) {
        CAPTURE(row.rule);
        CHECK(evaluate_preconditions(row.fields, validators, true) == row.get);
        CHECK(evaluate_preconditions(row.fields, validators, false) == row.put);
    }
}

PreconditionFields if_match(std::string_view v) { return {v, none, none, none, none}; }
PreconditionFields if_unmodified_since(std::string_view v) { return {none, v, none, none, none}; }
PreconditionFields if_none_match(std::string_view v) { return {none, none, v, none, none}; }
PreconditionFields if_modified_since(std::string_view v) { return {none, none, none, v, none}; }
PreconditionFields if_range(std::string_view v) { return {none, none, none, none, v}; }

}  // namespace

TEST_SUITE("preconditions") {
    TEST_CASE("Each field alone decides as RFC 9110 section 13.1 says") {
        check_rows(
            current,
            {
                {"no field", {}, go, go},

                {"If-Match: * and there is a representation", if_match("*"), go, go},
                {"If-Match: a listed tag", if_match(hit), go, go},
                {"If-Match: one of several", if_match("\"y\", \"x\""), go, go},
                {"If-Match: no listed tag", if_match(miss), s412, s412},
                {"If-Match: strong comparison", if_match(weak_hit), s412, s412},
                {"If-Match: malformed", if_match("x"), s412, s412},
                {"If-Match: empty", if_match(""), s412, s412},

                {"If-Unmodified-Since: the same second", if_unmodified_since(same), go, go},
                {"If-Unmodified-Since: later", if_unmodified_since(after), go, go},
                {"If-Unmodified-Since: earlier", if_unmodified_since(before), s412, s412},
                {"If-Unmodified-Since: not a date", if_unmodified_since("yesterday"), go, go},
                {"If-Unmodified-Since: two dates",
                 if_unmodified_since(
                     "Sun, 06 Nov 1994 08:49:36 GMT, Sun, 06 Nov 1994 08:49:36 GMT"),
                 go, go},

                {"If-None-Match: * and there is a representation", if_none_match("*"), s304, s412},
                {"If-None-Match: a listed tag", if_none_match(hit), s304, s412},
                {"If-None-Match: one of several", if_none_match("W/\"y\", \"x\""), s304, s412},
                {"If-None-Match: weak comparison", if_none_match(weak_hit), s304, s412},
                {"If-None-Match: no listed tag", if_none_match(miss), go, go},
                {"If-None-Match: malformed", if_none_match("x"), go, go},
                {"If-None-Match: empty", if_none_match(""), go, go},

                {"If-Modified-Since: the same second", if_modified_since(same), s304, go},
                {"If-Modified-Since: later", if_modified_since(after), s304, go},
                {"If-Modified-Since: earlier", if_modified_since(before), go, go},
                {"If-Modified-Since: RFC 850", if_modified_since("Sunday, 06-Nov-94 08:49:37 GMT"),
                 s304, go},
                {"If-Modified-Since: asctime", if_modified_since("Sun Nov  6 08:49:37 1994"), s304,
                 go},
                {"If-Modified-Since: not a date", if_modified_since("0"), go, go},
                {"If-Modified-Since: empty", if_modified_since(""), go, go},

                {"If-Range is not a precondition of its own", if_range(miss), go, go},
            });
    }

    TEST_CASE("Several fields are evaluated in the order of RFC 9110 section 13.2.2") {
        check_rows(
            current,
            {
                {"1: If-Match true, go on to 3", {hit, none, hit, none, none}, s304, s412},
                {"1: If-Match true, go on to 4", {hit, none, none, same, none}, s304, go},
                {"1: If-Match false ends it", {miss, none, hit, same, none}, s412, s412},
                {"2: If-Match hides If-Unmodified-Since", {hit, before, none, none, none}, go, go},
                {"2: If-Match false, whatever the date",
                 {miss, after, none, none, none},
                 s412,
                 s412},
                {"2: If-Unmodified-Since true, go on to 3",
                 {none, same, hit, none, none},
                 s304,
                 s412},
                {"2: If-Unmodified-Since false ends it",
                 {none, before, hit, same, none},
                 s412,
                 s412},
                {"3: If-None-Match true hides step 4", {none, none, miss, same, none}, go, go},
                {"3: malformed If-None-Match hides it, too", {none, none, "x", same, none}, go, go},
                {"3: If-None-Match false", {none, none, hit, before, none}, s304, s412},
                {"4: both dates, unchanged", {none, same, none, same, none}, s304, go},
                {"5: If-Range is left for later", {hit, none, miss, none, miss}, go, go},
            });
    }

    TEST_CASE("Without a modification date both date fields are ignored") {
        check_rows({hit, std::nullopt},
                   {
                       {"If-Unmodified-Since", if_unmodified_since(before), go, go},
                       {"If-Modified-Since", if_modified_since(after), go, go},
                   });
    }

    TEST_CASE("A representation without a tag matches only the star") {
        check_rows({{}, modified}, {
                                       {"If-Match: *", if_match("*"), go, go},
                                       {"If-Match: tag", if_match(hit), s412, s412},
                                       {"If-None-Match: *", if_none_match("*"), s304, s412},
                                       {"If-None-Match: tag", if_none_match("\"\""), go, go},
                                   });
    }

    TEST_CASE("A weak current tag is good for If-None-Match only") {
        check_rows({weak_hit, modified},
                   {
                       {"If-Match", if_match(weak_hit), s412, s412},
                       {"If-None-Match weak", if_none_match(weak_hit), s304, s412},
                       {"If-None-Match strong", if_none_match(hit), s304, s412},
                   });
    }

    TEST_CASE("If-Range lets the Range count only when nothing can have changed") {
        struct RangeRow {
            std::string_view rule, value;
            bool applies;
        };
        const RangeRow rows[] = {
            {"the same strong tag", hit, true},
            {"another tag", miss, false},
            {"a weak tag", weak_hit, false},
            {"a list is not allowed", "\"x\", \"y\"", false},
            {"a star is not allowed", "*", false},
            {"an unfinished tag", "\"x", false},
            {"the exact date", same, true},
            {"the exact date as RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", true},
            {"an earlier date", before, false},
            {"a later date is not exact", after, false},
            {"not a date", "x", false},
            {"empty", "", false},
        };
        for (const RangeRow& row : rows) {
            CAPTURE(row.rule);
            CHECK(range_applies(if_range(row.value), current, modified + 3600) == row.applies);
        }
        CHECK(range_applies({}, current, modified + 3600));
        CHECK(range_applies({}, {{}, {}}, modified));
    }

    TEST_CASE("A date is a strong validator for If-Range once a second has passed") {
        CHECK_FALSE(range_applies(if_range(same), current, modified - 1));
        CHECK_FALSE(range_applies(if_range(same), current, modified));
        CHECK(range_applies(if_range(same), current, modified + 1));
    }

    TEST_CASE("If-Range cannot match a validator that is missing or weak") {
        CHECK_FALSE(range_applies(if_range(same), {hit, std::nullopt}, modified + 9));
        CHECK_FALSE(range_applies(if_range(hit), {{}, modified}, modified + 9));
        CHECK_FALSE(range_applies(if_range("x"), {{}, {}}, modified + 9));
        CHECK_FALSE(range_applies(if_range(weak_hit), {weak_hit, modified}, modified + 9));
    }
}
