#include "handlers/http/byte_ranges.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <ostream>
#include <string>

using namespace basehttp;

namespace {

// "first+length,…", "416" or "200", so that a failure can be read.
std::string outcome_of(std::string_view value, std::uint64_t size, unsigned max_ranges = 16) {
    const RangeResult result = parse_byte_ranges(value, size, max_ranges);
    CHECK((result.outcome == RangeOutcome::partial) == !result.ranges.empty());
    if (result.outcome == RangeOutcome::ignore) return "200";
    if (result.outcome == RangeOutcome::unsatisfiable) return "416";
    std::string text;
    for (const ByteRange& range : result.ranges) {
        if (!text.empty()) text += ',';
        text += std::to_string(range.first) + '+' + std::to_string(range.length);
    }
    return text;
}

struct Row {
    std::string_view value;
    std::uint64_t size;
    std::string_view outcome;
};

template <std::size_t N>
void check_rows(const Row (&rows)[N]) {
    for (const Row& row : rows) {
        CAPTURE(row.value);
        CAPTURE(row.size);
        CHECK(outcome_of(row.value, row.size) == row.outcome);
    }
}

}  // namespace

TEST_SUITE("byte_ranges") {
    TEST_CASE("The examples of RFC 9110 section 14.1.2 mean what they say") {
        check_rows({
            {"bytes=0-499", 10000, "0+500"},
            {"bytes=500-999", 10000, "500+500"},
            {"bytes=-500", 10000, "9500+500"},
            {"bytes=9500-", 10000, "9500+500"},
            {"bytes=0-0,-1", 10000, "0+1,9999+1"},
            {"bytes= 0-0, -2", 10000, "0+1,9998+2"},
            {"bytes= 0-999, 4500-5499, -1000", 10000, "0+1000,4500+1000,9000+1000"},
            {"bytes=500-600,601-999", 10000, "500+500"},
            {"bytes=500-700,601-999", 10000, "500+500"},
        });
    }

    TEST_CASE("A single range is cut at the end of the representation") {
        check_rows({
            {"bytes=0-0", 1, "0+1"},
            {"bytes=0-", 1, "0+1"},
            {"bytes=-1", 1, "0+1"},
            {"bytes=0-99", 100, "0+100"},
            {"bytes=0-100", 100, "0+100"},
            {"bytes=99-99", 100, "99+1"},
            {"bytes=99-", 100, "99+1"},
            {"bytes=50-9999", 100, "50+50"},
            {"bytes=-100", 100, "0+100"},
            {"bytes=-101", 100, "0+100"},
            {"bytes=-99", 100, "1+99"},
            {"bytes=007-0010", 100, "7+4"},
        });
    }

    TEST_CASE("A range past the end is unsatisfiable") {
        check_rows({
            {"bytes=100-", 100, "416"},
            {"bytes=100-200", 100, "416"},
            {"bytes=100-100", 100, "416"},
            {"bytes=-0", 100, "416"},
            {"bytes=-00", 100, "416"},
            {"bytes=100-,200-300,-0", 100, "416"},
        });
    }

    TEST_CASE("Ranges that cannot be satisfied are left out beside others that can") {
        check_rows({
            {"bytes=0-9,100-", 100, "0+10"},
            {"bytes=500-600,90-", 100, "90+10"},
            {"bytes=-0,5-5", 100, "5+1"},
        });
    }

    TEST_CASE("An empty representation has no byte to begin at, and a suffix of it is all of it") {
        check_rows({
            {"bytes=0-", 0, "416"},
            {"bytes=0-0", 0, "416"},
            {"bytes=5-10", 0, "416"},
            {"bytes=-0", 0, "416"},
            {"bytes=-5", 0, "200"},
            {"bytes=0-,-5", 0, "200"},
            {"bytes=x", 0, "200"},
        });
    }

    TEST_CASE("The unit is read in any case, other units are ignored") {
        check_rows({
            {"Bytes=0-1", 10, "0+2"},
            {"BYTES=0-1", 10, "0+2"},
            {"items=0-1", 10, "200"},
            {"byte=0-1", 10, "200"},
            {"bytess=0-1", 10, "200"},
            {"none", 10, "200"},
            {"seconds=1-2", 10, "200"},
        });
    }

    TEST_CASE("A malformed field is ignored as a whole") {
        check_rows({
            {"", 100, "200"},
            {"=", 100, "200"},
            {"bytes", 100, "200"},
            {"bytes=", 100, "200"},
            {"bytes= ", 100, "200"},
            {"bytes=,", 100, "200"},
            {"bytes=-", 100, "200"},
            {"bytes=--5", 100, "200"},
            {"bytes=5", 100, "200"},
            {"bytes=5-4", 100, "200"},
            {"bytes=a-b", 100, "200"},
            {"bytes=0x1-5", 100, "200"},
            {"bytes=+1-5", 100, "200"},
            {"bytes=1-+5", 100, "200"},
            {"bytes=1-5-", 100, "200"},
            {"bytes=1-5-9", 100, "200"},
            {"bytes=1 -5", 100, "200"},
            {"bytes=1- 5", 100, "200"},
            {"bytes=1-5 6-7", 100, "200"},
            {"bytes=1-5;6-7", 100, "200"},
            {"bytes=- 5", 100, "200"},
            {"bytes=-5-", 100, "200"},
            {"bytes=1.5-2", 100, "200"},
            {"bytes =1-5", 100, "200"},
            {"bytes:1-5", 100, "200"},
            {"bytes 1-5/100", 100, "200"},
            {"bytes=1-5,bytes=7-8", 100, "200"},
            {"bytes=0-1,x", 100, "200"},
            {"bytes=x,0-1", 100, "200"},
            {"bytes=0-1,5-4", 100, "200"},
            {"bytes=500-400", 100, "200"},
        });
    }

    TEST_CASE("Blanks around commas and empty elements are allowed") {
        check_rows({
            {"bytes=0-1 , 4-5", 10, "0+2,4+2"},
            {"bytes=0-1\t,\t4-5", 10, "0+2,4+2"},
            {"bytes=,0-1", 10, "0+2"},
            {"bytes=0-1,", 10, "0+2"},
            {"bytes=0-1, ,,\t, 4-5,,", 10, "0+2,4+2"},
            {" bytes=0-1 ", 10, "0+2"},
        });
    }

    TEST_CASE("Ranges in ascending order that overlap or touch are joined") {
        check_rows({
            {"bytes=0-4,5-9", 100, "0+10"},
            {"bytes=0-4,4-9", 100, "0+10"},
            {"bytes=0-9,2-5", 100, "0+10"},
            {"bytes=0-4,6-9", 100, "0+5,6+4"},
            {"bytes=0-1,2-3,4-5,8-9", 100, "0+6,8+2"},
            {"bytes=90-,-10", 100, "90+10"},
            {"bytes=0-49,50-", 100, "0+100"},
        });
    }

    TEST_CASE("Ranges in another order are sent in the order asked for") {
        check_rows({
            {"bytes=50-59,0-9", 100, "50+10,0+10"},
            {"bytes=-10,0-9", 100, "90+10,0+10"},
            {"bytes=5-9,0-4", 100, "5+5,0+5"},
            {"bytes=5-9,0-6", 100, "5+5,0+7"},
        });
    }

    TEST_CASE("Ranges that ask for more than there is are an attack and ignored") {
        check_rows({
            {"bytes=0-,0-", 100, "200"},
            {"bytes=0-99,5-5", 100, "200"},
            {"bytes=0-,-1", 100, "200"},
            {"bytes=0-59,40-99", 100, "200"},
            {"bytes=0-59,41-80", 100, "0+81"},
        });
        std::string many = "bytes=0-";
        for (int i = 0; i < 1000; ++i) many += ",5-";
        CHECK(outcome_of(many, 100, 100'000) == "200");
    }

    TEST_CASE("More ranges than the cap are ignored, satisfiable or not, joined or not") {
        CHECK(outcome_of("bytes=0-0,2-2,4-4", 100, 3) == "0+1,2+1,4+1");
        CHECK(outcome_of("bytes=0-0,2-2,4-4", 100, 2) == "200");
        CHECK(outcome_of("bytes=0-0,1-1,2-2", 100, 2) == "200");
        CHECK(outcome_of("bytes=200-,300-,400-", 100, 2) == "200");
        CHECK(outcome_of("bytes=,,,0-0,,,", 100, 1) == "0+1");
        CHECK(outcome_of("bytes=0-0", 100, 0) == "200");
    }

    TEST_CASE("Numbers too large for 64 bits are past the end") {
        constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
        check_rows({
            {"bytes=18446744073709551615-", 100, "416"},
            {"bytes=18446744073709551616-", 100, "416"},
            {"bytes=99999999999999999999999999-", 100, "416"},
            {"bytes=5-18446744073709551615", 100, "5+95"},
            {"bytes=5-18446744073709551616", 100, "5+95"},
            {"bytes=5-36893488147419103237", 100, "5+95"},
            {"bytes=0-18446744073709551620", 100, "0+100"},
            {"bytes=-18446744073709551616", 100, "0+100"},
            {"bytes=-99999999999999999999999999", 100, "0+100"},
            {"bytes=0-", most, "0+18446744073709551615"},
            {"bytes=18446744073709551614-", most, "18446744073709551614+1"},
            {"bytes=18446744073709551615-", most, "416"},
            {"bytes=-99999999999999999999999999", most, "0+18446744073709551615"},
            {"bytes=0-9223372036854775807,9223372036854775808-", most, "0+18446744073709551615"},
            {"bytes=0-9223372036854775808,9223372036854775808-", most, "200"},
        });
    }
}
