#include "server/http_date.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <limits>
#include <ostream>
#include <string>

using namespace basehttp;

namespace {

constexpr std::time_t now = 1'700'000'000;            // Tue, 14 Nov 2023 22:13:20 GMT
constexpr std::time_t last_second = 253'402'300'799;  // Fri, 31 Dec 9999 23:59:59 GMT
constexpr std::time_t example = 784'111'777;          // Sun, 06 Nov 1994 08:49:37 GMT

struct Row {
    std::string_view text;
    std::time_t time;
};

}  // namespace

TEST_SUITE("http_date") {
    TEST_CASE("A date is written as IMF-fixdate") {
        const Row rows[] = {
            {"Sun, 06 Nov 1994 08:49:37 GMT", example},
            {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
            {"Tue, 29 Feb 2000 23:59:59 GMT", 951'868'799},
            {"Wed, 01 Mar 2000 00:00:00 GMT", 951'868'800},
            {"Sun, 31 Dec 2000 00:00:00 GMT", 978'220'800},
            {"Sun, 28 Feb 2100 00:00:00 GMT", 4'107'456'000},
            {"Mon, 01 Mar 2100 00:00:00 GMT", 4'107'542'400},
            {"Tue, 19 Jan 2038 03:14:08 GMT", 2'147'483'648},
            {"Fri, 31 Dec 9999 23:59:59 GMT", last_second},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(format_http_date(row.time) == row.text);
            CHECK(parse_http_date(row.text, now) == row.time);
        }
    }

    TEST_CASE("A time outside the years 1970 to 9999 is written as the nearest one inside") {
        constexpr auto least = std::numeric_limits<std::time_t>::min();
        constexpr auto most = std::numeric_limits<std::time_t>::max();
        CHECK(format_http_date(-1) == "Thu, 01 Jan 1970 00:00:00 GMT");
        CHECK(format_http_date(least) == "Thu, 01 Jan 1970 00:00:00 GMT");
        CHECK(format_http_date(last_second + 1) == "Fri, 31 Dec 9999 23:59:59 GMT");
        CHECK(format_http_date(most) == "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    TEST_CASE("Writing touches exactly 29 characters") {
        std::string buffer(31, '#');
        write_http_date(example, buffer.data() + 1);
        CHECK(buffer == "#Sun, 06 Nov 1994 08:49:37 GMT#");
    }

    // The standard library's calendar as the judge: every day of 400 years, and their ends.
    TEST_CASE("The calendar agrees with std::chrono for each day of four centuries") {
        constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
        constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
        int wrong = 0;
        for (int day = 0; day < 146'097; ++day) {
            const std::chrono::sys_days date{std::chrono::days{day}};
            const std::chrono::year_month_day ymd{date};
            const auto weekday = std::chrono::weekday{date}.c_encoding();
            const unsigned month = static_cast<unsigned>(ymd.month());
            const unsigned number = static_cast<unsigned>(ymd.day());
            std::string expected(weekdays.substr(weekday * 3, 3));
            expected += number < 10 ? ", 0" : ", ";
            expected += std::to_string(number) + " ";
            expected += months.substr((month - 1) * 3, 3);
            expected += " " + std::to_string(static_cast<int>(ymd.year())) + " 23:59:59 GMT";
            const std::time_t time = std::time_t{day} * 86400 + 86399;
            if (format_http_date(time) != expected || parse_http_date(expected) != time) ++wrong;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("The three formats of RFC 9110 section 5.6.7 are read") {
        const Row rows[] = {
            {"Sun, 06 Nov 1994 08:49:37 GMT", example},
            {"Sunday, 06-Nov-94 08:49:37 GMT", example},
            {"Sun Nov  6 08:49:37 1994", example},
            {"Sun Nov 06 08:49:37 1994", example},
            {"Sat Dec 31 23:59:59 2016", 1'483'228'799},
            {"Saturday, 31-Dec-16 23:59:59 GMT", 1'483'228'799},
            {"Thu, 29 Feb 2024 00:00:00 GMT", 1'709'164'800},
            {"Wed, 31 Dec 1969 00:00:00 GMT", -86'400},
            {"Wed, 28 Feb 1900 00:00:00 GMT", -2'203'977'600},
            {"Mon, 01 Jan 0001 00:00:00 GMT", -62'135'596'800},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            CHECK(parse_http_date(row.text, now) == row.time);
        }
    }

    TEST_CASE("A leap second is the second after it, and only possible at the end of a day") {
        CHECK(parse_http_date("Thu, 31 Dec 1998 23:59:60 GMT") == 915'148'800);
        CHECK_FALSE(parse_http_date("Thu, 31 Dec 1998 22:59:60 GMT"));
        CHECK_FALSE(parse_http_date("Thu, 31 Dec 1998 23:59:61 GMT"));
    }

    TEST_CASE("A two-digit year is the latest one not more than 50 years ahead") {
        struct YearRow {
            std::string_view text;
            std::time_t now;
            std::time_t time;
        };
        constexpr std::time_t in_1999 = 915'148'800;  // a new century is near
        const YearRow rows[] = {
            {"Tuesday, 14-Nov-73 22:13:20 GMT", now, 3'277'923'200},
            {"Thursday, 15-Nov-73 00:00:00 GMT", now, 122'169'600},
            {"Monday, 01-Jan-74 00:00:00 GMT", now + 86'400 * 365, 3'281'990'400},
            {"Wednesday, 01-Jan-75 00:00:00 GMT", now, 157'766'400},
            {"Sunday, 06-Nov-94 00:00:00 GMT", now, 784'080'000},
            {"Sunday, 06-Nov-44 00:00:00 GMT", now, 2'362'003'200},
            {"Monday, 06-Nov-44 00:00:00 GMT", 100, -793'756'800},
            {"Wednesday, 01-Jun-05 00:00:00 GMT", in_1999, 1'117'584'000},
            {"Tuesday, 29-Feb-00 00:00:00 GMT", in_1999, 951'782'400},
        };
        for (const YearRow& row : rows) {
            CAPTURE(row.text);
            CHECK(parse_http_date(row.text, row.now) == row.time);
        }
    }

    TEST_CASE("Without a time given the system's clock decides the century") {
        CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == example);
    }

    TEST_CASE("A malformed or impossible date is refused") {
        constexpr std::string_view rows[] = {
            "",
            "0",
            "Sun",
            "Sun,",
            "Sun, ",
            "now",
            "784111777",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 ",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "SUN, 06 NOV 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun,  6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994  8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 0x Nov 1994 08:49:37 GMT",
            "Sun, 06 Nix 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Wed, 00 Nov 1994 08:49:37 GMT",
            "Thu, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 00:00:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 6-Nov-94 08:49:37 GMT",
            "Monday, 06-Nov-94 08:49:37 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT",
            ", 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT+1",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 1994 GMT",
            "Sun Nov  6 08:49:37 1994\n",
            "Sun Nov  0 08:49:37 1994",
            "Mon Nov  6 08:49:37 1994",
            "1994-11-06T08:49:37Z",
        };
        for (const std::string_view row : rows) {
            CAPTURE(row);
            CHECK_FALSE(parse_http_date(row, now));
        }
        CHECK_FALSE(parse_http_date(std::string_view("Sun, 06 Nov 1994 08:49:37 GM\0", 29), now));
    }
}
