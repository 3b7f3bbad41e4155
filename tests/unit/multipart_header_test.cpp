#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "handlers/forms/form_limits.hpp"
#include "handlers/forms/part_header.hpp"

using namespace basehttp;

namespace {

/// "name", "name|filename", or "400".
std::string disposition(std::string_view value) {
    try {
        const FieldHead head =
            parse_part_header("Content-Disposition: " + std::string(value) + "\r\n");
        return head.filename ? head.name + '|' + *head.filename : head.name;
    } catch (const FormError& error) {
        return std::to_string(error.code());
    }
}

/// What is wrong with a header; empty: nothing.
std::string fault(std::string_view lines) {
    try {
        parse_part_header(lines);
        return "";
    } catch (const FormError& error) {
        CHECK(error.code() == 400);
        return error.what();
    }
}

constexpr std::string_view named = "Content-Disposition: form-data; name=a\r\n";

std::string with(std::string_view more) { return std::string(named) + std::string(more); }

}  // namespace

TEST_SUITE("part_header") {
    TEST_CASE("A Content-Disposition gives name and file name") {
        struct Row {
            std::string_view value, expected;
        };
        const Row rows[] = {
            {R"(form-data; name="a")", "a"},
            {R"(form-data; name=a)", "a"},
            {R"(FORM-DATA;NAME="a";FileName="f")", "a|f"},
            {R"(form-data; filename="f"; name="a")", "a|f"},
            {"form-data ;\tname = \"a\" ; filename = f.txt ;", "a|f.txt"},
            {R"(form-data; name="")", ""},
            {R"(form-data; name="a"; filename="")", "a|"},
            {R"(form-data; name="a;b=c"; filename="; name=x")", "a;b=c|; name=x"},
            {R"(form-data; name="a"; size=5; x="y")", "a"},
            {"form-data; name=\"gr\xc3\xbc\xc3\x9f\"", "gr\xc3\xbc\xc3\x9f"},
            {"form-data; name=gr\xc3\xbc", "gr\xc3\xbc"},
            {"form-data; name=\"\xfc\"", "\xfc"},
            // escapes of browsers, of curl, and what only looks like one
            {R"(form-data; name="a%22b%0D%0Ac%0d%0a")", "a\"b\r\nc\r\n"},
            {R"(form-data; name="100%, %20 %41 %2 %")", "100%, %20 %41 %2 %"},
            {R"(form-data; name="a\"b\\c")", R"(a"b\c)"},
            {R"(form-data; name="a"; filename="C:\dir\n.txt")", R"(a|C:\dir\n.txt)"},
            {R"(form-data; name=%22)", "%22"},
            // RFC 7578 section 4.2
            {R"(form-data; name="a"; filename*=UTF-8''x)", "a"},
            {R"(form-data; name="a"; filename="f"; filename*=UTF-8''x)", "a|f"},
            // not well-formed, or of two minds
            {"form-data", "400"},
            {"", "400"},
            {R"(form-data; filename="f")", "400"},
            {R"(form-data; name*=UTF-8''x)", "400"},
            {R"(form-data; name="a"; name="b")", "400"},
            {R"(form-data; name="a"; filename="f"; filename="f")", "400"},
            {R"(form-data; name="a"; filename=f; FILENAME=f)", "400"},
            {R"(attachment; name="a")", "400"},
            {R"(form-data, form-data; name="a")", "400"},
            {R"(form-data; name)", "400"},
            {R"(form-data; name=)", "400"},
            {R"(form-data; name="a)", "400"},
            {R"(form-data; name="a\")", "400"},
            {R"(form-data; name="a" b)", "400"},
            {R"(form-data; name="a"b)", "400"},
            {R"(form-data; name=a b)", "400"},
            {R"(form-data; name=a"b")", "400"},
            {R"(form-data; name=a\b)", "400"},
            {R"(form-data; name=a,b)", "400"},
            {R"(form-data; name="a", x; name="b")", "400"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CHECK(disposition(row.value) == row.expected);
        }
    }

    TEST_CASE("A header keeps its fields and knows the type") {
        const FieldHead head = parse_part_header(
            "content-disposition: form-data; name=\"a\"\r\n"
            "Content-Type:  Text/HTML ; charset=utf-8 \r\nX-More:\r\n");
        CHECK(head.name == "a");
        CHECK(head.type == "text/html");
        REQUIRE(head.headers.size() == 3);
        CHECK(head.headers[1].first == "Content-Type");
        CHECK(head.headers[1].second == "Text/HTML ; charset=utf-8");
        CHECK(head.headers[2].second.empty());
        CHECK(parse_part_header(named).type == "text/plain");
    }

    TEST_CASE("A bad header is refused with a sentence") {
        struct Row {
            std::string lines, message;
        };
        const Row rows[] = {
            {"", "A part of the form has no Content-Disposition"},
            {"Content-Type: text/plain\r\n", "A part of the form has no Content-Disposition"},
            {with(named), "A part of the form has a header field twice"},
            {with("Content-Type: a/b\r\ncontent-type: a/b\r\n"),
             "A part of the form has a header field twice"},
            {with("no colon\r\n"), "A part of the form has a bad header"},
            {with(": no name\r\n"), "A part of the form has a bad header"},
            {with("X : y\r\n"), "A part of the form has a bad header"},
            {with(" folded: line\r\n"), "A part of the form has a bad header"},
            {with("X: bare\rreturn\r\n"), "A part of the form has a bad header"},
            {with(std::string("X: nul\0\r\n", 9)), "A part of the form has a bad header"},
            {with("X: \x7f\r\n"), "A part of the form has a bad header"},
            {with("Content-Transfer-Encoding: base64\r\n"),
             "A part of the form has a Content-Transfer-Encoding"},
            {with("Content-Transfer-Encoding: quoted-printable\r\n"),
             "A part of the form has a Content-Transfer-Encoding"},
            {with("X: tab\there\r\nX: twice\r\n"), ""},
            {with("Content-Transfer-Encoding: Binary\r\n"), ""},
            {with("Content-Transfer-Encoding: 8bit\r\n"), ""},
            {with("Content-Transfer-Encoding: 7BIT\r\n"), ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.lines);
            CHECK(fault(row.lines) == row.message);
        }
    }

    TEST_CASE("A boundary is what RFC 2046 allows") {
        const std::string longest(70, 'x');
        struct Row {
            std::string type;
            std::optional<std::string> boundary;
        };
        const Row rows[] = {
            {"multipart/form-data; boundary=abc", "abc"},
            {"multipart/form-data;BOUNDARY=\"abc\"", "abc"},
            {"multipart/form-data; charset=utf-8; boundary=abc;", "abc"},
            {"multipart/form-data; boundary=\"a b\"", "a b"},
            {"multipart/form-data; boundary=----WebKitFormBoundaryQ2m",
             "----WebKitFormBoundaryQ2m"},
            {"multipart/form-data; boundary=\"0'()+_,-./:=?\"", "0'()+_,-./:=?"},
            {"multipart/form-data; boundary=a=b:c/d", "a=b:c/d"},
            {"multipart/form-data; boundary=" + longest, longest},
            {"multipart/form-data; boundary=" + longest + "x", std::nullopt},
            {"multipart/form-data", std::nullopt},
            {"multipart/form-data; boundary", std::nullopt},
            {"multipart/form-data; boundary=", std::nullopt},
            {"multipart/form-data; boundary=\"\"", std::nullopt},
            {"multipart/form-data; boundary=\"a \"", std::nullopt},
            {"multipart/form-data; boundary=a; boundary=a", std::nullopt},
            {"multipart/form-data; boundary=\"a", std::nullopt},
            {"multipart/form-data; boundary=\"a\r\"", std::nullopt},
            {"multipart/form-data; boundary=a*b", std::nullopt},
            {"multipart/form-data; boundary=\xc3\xa4", std::nullopt},
        };
        for (const Row& row : rows) {
            CAPTURE(row.type);
            CHECK(multipart_boundary(row.type) == row.boundary);
        }
    }
}
