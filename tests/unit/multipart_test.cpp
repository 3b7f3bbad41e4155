#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/support/parsed_form.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view a = "Content-Disposition: form-data; name=a\r\n\r\n";
constexpr std::string_view b = "Content-Disposition: form-data; name=b\r\n\r\n";
constexpr std::string_view file = "Content-Disposition: form-data; name=f; filename=n\r\n\r\n";

template <class... Texts>
std::string join(const Texts&... texts) {
    std::string all;
    (all.append(texts), ...);
    return all;
}

/// In one piece and in small ones.
void check_summary(std::string_view body, std::string_view summary, const FormLimits& limits = {}) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
        CAPTURE(body.substr(0, 300));
        CAPTURE(piece);
        CHECK(parse_multipart(body, "b", limits, piece).summary() == summary);
    }
}

constexpr std::string_view no_end = "400 The form ends before its closing delimiter";
constexpr std::string_view bad_line = "400 A delimiter of the form does not end its line with CRLF";
constexpr std::string_view bad_header = "400 A header in the form does not end its line with CRLF";

}  // namespace

TEST_SUITE("multipart_parser") {
    TEST_CASE("A form gives its fields") {
        check_summary(join("--b\r\n", a, "1\r\n--b\r\n", b, "two\r\nlines\r\n--b--\r\n"),
                      "a=1 b=two\r\nlines");
        check_summary(join("--b\r\n", a, "\r\n--b\r\n", b, "\r\n\r\n--b--"), "a= b=\r\n");
        check_summary("--b--\r\n", "");
        check_summary("--b--", "");
    }

    TEST_CASE("Text around the form and white space after delimiters is skipped") {
        check_summary(join("hello\r\n--bad--\r\n-\r\n\r\n--b \t \r\n", a, "1\r\n--b\t\r\n", b,
                           "2\r\n--b-- \t\r\nbye\r\n--b\r\n--b--x"),
                      "400 A delimiter of the form does not end its line with CRLF");
        check_summary(join("hello\r\n--a--\r\n-\r\n\r\n--b \t \r\n", a, "1\r\n--b\t\r\n", b,
                           "2\r\n--b-- \t\r\nbye\r\n--b\r\n--b--x"),
                      "a=1 b=2");
        check_summary(join("\r\n--b\r\n", a, "1\r\n--b-- "), "a=1");
    }

    TEST_CASE("What is almost a delimiter is content") {
        for (const std::string_view content :
             {"\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n\r\n--", "\r\r\n--", "\r\n-\r\n--",
              "\r\n--B", "\r\n --b", "\n--b\n", "x--b--", "\r--b", "\r\n- -b", "--", "-", "--a"}) {
            check_summary(join("--b\r\n", a, content, "\r\n--b--\r\n"), join("a=", content));
            check_summary(join("--b\r\n", a, content, content, "\r\n--b--\r\n"),
                          join("a=", content, content));
        }
    }

    TEST_CASE("A delimiter may follow the header of a part at once") {
        check_summary(join("--b\r\n", a, "--b\r\n", b, "--b--"), "a= b=");
    }

    TEST_CASE("A line that begins with the delimiter must be one") {
        check_summary(join("--b\r\n", a, "1\r\n--bc\r\n--b--"), bad_line);
        check_summary(join("--b\r\n", a, "1\r\n--b-\r\n"), bad_line);
        check_summary(join("--b\r\n", a, "1\r\n--b--c"), bad_line);
        check_summary(join("--b\r\n", a, "1\r\n--b--\n"), bad_line);
        check_summary(join("--b\r\n", a, "1\r\n--b \r\r\n"), bad_line);
        check_summary(join("--b x\r\n", a, "1\r\n--b--"), bad_line);
        check_summary(join("--b\n", a, "1\r\n--b--"), bad_line);
    }

    TEST_CASE("A line feed alone ends no line") {
        check_summary("--b\r\nContent-Disposition: form-data; name=a\n\n1\r\n--b--", bad_header);
        check_summary("--b\r\nContent-Disposition: form-data; name=a\r\n\n1\r\n--b--", bad_header);
        check_summary(join("--b\r\n", a, "1\n--b--\n"), no_end);
        check_summary("--b\n--b--\n", bad_line);
    }

    TEST_CASE("A form that is cut short is refused wherever it ends") {
        const std::string whole = join("--b\r\n", a, "1\r\n--b\r\n", b, "2\r\n--b--");
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            const ParsedForm form = parse_multipart(whole.substr(0, size));
            CHECK(form.code == 400);
            CHECK(form.message == no_end.substr(4));
        }
        check_summary(whole, "a=1 b=2");
        check_summary(whole + "\r", no_end);
    }

    TEST_CASE("A part without a header is refused") {
        check_summary("--b\r\n\r\n1\r\n--b--", "400 A part of the form has no Content-Disposition");
        check_summary("--b\r\n--b--", no_end);
        check_summary("--b\r\n--b\r\n\r\n--b--", "400 A part of the form has a bad header");
    }

    TEST_CASE("A part that has parts is content") {
        const std::string inner = "--i\r\nContent-Type: text/plain\r\n\r\nx\r\n--i--";
        const std::string body = join(
            "--b\r\nContent-Type: multipart/mixed; boundary=i\r\n"
            "Content-Disposition: form-data; name=a\r\n\r\n",
            inner, "\r\n--b--");
        check_summary(body, "a=" + inner);
        CHECK(parse_multipart(body).fields[0].head.type == "multipart/mixed");
    }

    TEST_CASE("A form of as much as the limits allow is read, more is 413") {
        const std::string two = join("--b\r\n", a, "11\r\n--b\r\n", b, "22\r\n--b--");
        const std::string files = join("--b\r\n", file, "11\r\n--b\r\n", file, "\r\n--b--");
        struct Row {
            std::string_view body;
            FormLimits fits, short_by_one;
            std::string_view message;
        };
        const Row rows[] = {
            {two, {.fields = 2}, {.fields = 1}, "413 The form has too many fields (limit: 1)"},
            {files, {.files = 2}, {.files = 1}, "413 The form has too many files (limit: 1)"},
            {two,
             {.name_bytes = 1},
             {.name_bytes = 0},
             "413 The name of a form field has too many bytes (limit: 0)"},
            {two,
             {.header_bytes = 42},
             {.header_bytes = 41},
             "413 A part of the form has a header of too many bytes (limit: 41)"},
            {two,
             {.header_fields = 1},
             {.header_fields = 0},
             "413 A part of the form has too many header fields (limit: 0)"},
            {two,
             {.value_bytes = 2},
             {.value_bytes = 1},
             "413 A form field has too many bytes (limit: 1)"},
            {files,
             {.value_bytes = 0, .file_bytes = 2},
             {.file_bytes = 1},
             "413 A file in the form has too many bytes (limit: 1)"},
            {two,
             {.text_bytes = 2 * (1 + 19 + 17 + 2)},
             {.text_bytes = 2 * (1 + 19 + 17 + 2) - 1},
             "413 The fields of the form together have too many bytes (limit: 77)"},
        };
        for (const Row& row : rows) {
            check_summary(row.body, row.body == two ? "a=11 b=22" : "f=11 f=", row.fits);
            check_summary(row.body, row.message, row.short_by_one);
        }
    }

    TEST_CASE("A field tells where in the body its content is") {
        const std::string body =
            join("before\r\n--b\r\n", a, "one\r\n--b\r\n", b, "\r\n--b\r\n", file, "--b--");
        for (std::size_t piece = 1; piece <= body.size(); ++piece) {
            CAPTURE(piece);
            const ParsedForm form = parse_multipart(body, "b", {}, piece);
            REQUIRE(form.fields.size() == 3);
            for (const ParsedField& field : form.fields)
                CHECK(body.substr(field.offset, field.content.size()) == field.content);
            CHECK(form.fields[0].offset == body.find("one"));
            CHECK(form.fields[1].offset == body.find(b) + b.size());
        }
    }
}
