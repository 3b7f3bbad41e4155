// What Headers read in values. The readers themselves have tests of their own.
#include <doctest/doctest.h>

#include <ostream>

#include "handlers/headers.hpp"

using namespace basehttp;
using Views = std::vector<std::string_view>;

namespace {

using Params = std::vector<std::pair<std::string, std::string>>;

std::string text(const Params& params) {
    std::string result;
    for (const auto& [name, value] : params) result.append(name + "=" + value + "|");
    return result;
}

}  // namespace

TEST_SUITE("Headers") {
    // As http.client.parse_headers of Python 3.11 says, but for empty parameters ("a;;b"), which
    // Python counts.
    TEST_CASE("Content-Type is read as Python reads it") {
        struct Row {
            std::string_view value;
            std::string_view type, maintype, subtype;
            std::optional<std::string_view> charset;
            std::string_view params;
        };
        const Row rows[] = {
            {"text/html", "text/html", "text", "html", {}, "text/html=|"},
            {"Text/HTML; Charset=UTF-8", "text/html", "text", "html", "utf-8",
             "Text/HTML=|charset=UTF-8|"},
            {"multipart/form-data; boundary=\"a b;c\"",
             "multipart/form-data",
             "multipart",
             "form-data",
             {},
             "multipart/form-data=|boundary=a b;c|"},
            {"nonsense", "text/plain", "text", "plain", {}, "nonsense=|"},
            {"a/b/c", "text/plain", "text", "plain", {}, "a/b/c=|"},
            {"/", "/", "", "", {}, "/=|"},
            {"text/", "text/", "text", "", {}, "text/=|"},
            {"", "text/plain", "text", "plain", {}, "=|"},
            {";charset=x", "text/plain", "text", "plain", "x", "=|charset=x|"},
            {"text/html; charset=\"a\\\"b\\\\c\"", "text/html", "text", "html", "a\"b\\c",
             "text/html=|charset=a\"b\\c|"},
            {"text/html;charset", "text/html", "text", "html", "", "text/html=|charset=|"},
            {"text/html; charset = \"x\" ; charset=y;;", "text/html", "text", "html", "x",
             "text/html=|charset=x|charset=y|"},
            {"text/html; charset=\"unclosed; a=b", "text/html", "text", "html", "\"unclosed; a=b",
             "text/html=|charset=\"unclosed; a=b|"},
            {"text/html;;  ; A=1", "text/html", "text", "html", {}, "text/html=|a=1|"},
            {"text/html; charset=Latin-1; q=\"\"", "text/html", "text", "html", "latin-1",
             "text/html=|charset=Latin-1|q=|"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            const std::vector<HeaderField> fields = {{"content-type", row.value}};
            const Headers headers(fields);
            CHECK(headers.get_content_type() == row.type);
            CHECK(headers.get_content_maintype() == row.maintype);
            CHECK(headers.get_content_subtype() == row.subtype);
            CHECK(headers.get_content_charset() == row.charset);
            CHECK(text(headers.get_params()) == row.params);
        }
    }

    TEST_CASE("A field that is missing gives what Python gives") {
        const Headers headers;
        CHECK(headers.get_content_type() == "text/plain");
        CHECK_FALSE(headers.get_content_charset());
        CHECK(headers.get_params().empty());
        CHECK_FALSE(headers.get_param("charset"));
        CHECK(headers.get_list("x").empty());
        CHECK_FALSE(headers.get_int("x"));
        CHECK_FALSE(headers.get_date("x"));
        CHECK(headers.get_quality_values("x").empty());
        CHECK(headers.best_match("x", {"a", "b"}) == "a");
        CHECK_FALSE(headers.best_match("x", {}));
        CHECK(headers.cookies().empty());
        CHECK_FALSE(headers.get_cookie("x"));
    }

    TEST_CASE("A parameter is found in any case and in any field") {
        const std::vector<HeaderField> fields = {
            {"Content-Disposition", "form-data; NAME=\"a;b\"; filename=\"x\\\"y\"; name=z"}};
        const Headers headers(fields);
        CHECK(headers.get_param("Name", "content-disposition") == "a;b");
        CHECK(headers.get_param("filename", "Content-Disposition") == "x\"y");
        CHECK_FALSE(headers.get_param("form-data", "Content-Disposition"));
        CHECK_FALSE(headers.get_param("name"));
    }

    TEST_CASE("Numbers are digits, perhaps after a minus, and nothing else") {
        struct Row {
            std::string_view value;
            std::optional<std::int64_t> number;
        };
        const Row rows[] = {{"0", 0},
                            {"42", 42},
                            {"-7", -7},
                            {"007", 7},
                            {"9223372036854775807", INT64_MAX},
                            {"9223372036854775808", {}},
                            {"", {}},
                            {"-", {}},
                            {"+1", {}},
                            {"1 ", {}},
                            {"1,2", {}},
                            {"0x1", {}},
                            {"1.0", {}},
                            {"1e3", {}},
                            {"\xd9\xa1", {}}};
        for (const Row& row : rows) {
            CAPTURE(row.value);
            const std::vector<HeaderField> fields = {{"N", row.value}};
            CHECK(Headers(fields).get_int("n") == row.number);
        }
    }

    TEST_CASE("Dates are read in the three formats of HTTP") {
        for (const std::string_view date :
             {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
              "Sun Nov  6 08:49:37 1994"}) {
            const std::vector<HeaderField> fields = {{"If-Modified-Since", date}};
            CHECK(Headers(fields).get_date("if-modified-since") == 784111777);
        }
        const std::vector<HeaderField> fields = {{"Date", "yesterday"}};
        CHECK_FALSE(Headers(fields).get_date("Date"));
    }

    TEST_CASE("Lists, weights and cookies run over all fields of the name") {
        const std::vector<HeaderField> fields = {{"Accept", "text/html;q=0.5,, text/plain;q=0"},
                                                 {"Cookie", "a=1; b=2"},
                                                 {"accept", "application/json"},
                                                 {"cookie", "a=3"}};
        const Headers headers(fields);
        CHECK(headers.get_list("ACCEPT") ==
              Views{"text/html;q=0.5", "text/plain;q=0", "application/json"});
        const auto values = headers.get_quality_values("Accept");
        REQUIRE(values.size() == 3);
        CHECK(values[0].value == "application/json");
        CHECK(values[1].weight == 500);
        CHECK(values[2].weight == 0);
        CHECK(headers.best_match("Accept", {"text/plain", "text/html"}) == "text/html");
        CHECK_FALSE(headers.best_match("Accept", {"text/plain", "image/png"}));
        CHECK(headers.cookies().size() == 3);
        CHECK(headers.get_cookie("a") == "1");
        CHECK(headers.get_cookie("b") == "2");
        CHECK_FALSE(headers.get_cookie("A"));
    }
}
