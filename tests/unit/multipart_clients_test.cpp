// Bodies as clients send them, read in pieces of 1 to 100 bytes.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "handlers/forms/part_header.hpp"
#include "tests/support/parsed_form.hpp"

using namespace basehttp;
using namespace std::string_literals;

namespace {

/// Recorded from Chromium 156: a form with text in UTF-8, a quote in a name, a text area of two
/// lines, a backslash, two boxes, an empty field, _charset_, no file, and two files.
const std::string chromium_type =
    "multipart/form-data; boundary=----WebKitFormBoundaryQ2mAznCxV5ATaHjy";
const std::string chromium_body =
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"title\"\r\n\r\n"
    "Gr\xc3\xbc\xc3\x9f"
    "e\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"a%22b\"\r\n\r\n"
    "say \"hi\"\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"text\"\r\n\r\n"
    "one\r\ntwo\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"back\\slash\"\r\n\r\n"
    "100%\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"c\"\r\n\r\n"
    "1\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"c\"\r\n\r\n"
    "2\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"empty\"\r\n\r\n"
    "\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"_charset_\"\r\n\r\n"
    "UTF-8\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n"
    "\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"up\"; filename=\"a %22quoted%22 \xc3\xbc\\b.txt\"\r\n"
    "Content-Type: text/plain\r\n\r\n"
    "hello\r\nworld\n\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy\r\n"
    "Content-Disposition: form-data; name=\"up\"; filename=\"data.bin\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n"
    "\0\1\2\r\n--\xff\r\n"
    "------WebKitFormBoundaryQ2mAznCxV5ATaHjy--\r\n"s;

/// In the manner of Firefox, whose older versions had a boundary of 27 hyphens and digits.
const std::string firefox_type =
    "multipart/form-data; boundary=---------------------------317563429110473213542687413";
const std::string firefox_body =
    "-----------------------------317563429110473213542687413\r\n"
    "Content-Disposition: form-data; name=\"say %22hi%22%0D%0A\"\r\n\r\n"
    "-----------------------------\r\n"
    "-----------------------------317563429110473213542687413\r\n"
    "Content-Disposition: form-data; name=\"up\"; filename=\"b\xc3\xa9.png\"\r\n"
    "Content-Type: image/png\r\n\r\n"
    "\x89PNG\r\n\x1a\n\0\r\n"
    "-----------------------------317563429110473213542687413--\r\n"s;

/// In the manner of Java's mail classes and of Python's email: quoted boundary, more headers.
const std::string mail_type =
    "multipart/form-data; charset=utf-8; boundary=\"=_Part_1 (x)\"; type=x";
const std::string mail_body =
    "This is a multi-part message in MIME format.\r\n"
    "--=_Part_1 (x)\r\n"
    "Content-Type: text/plain; charset=\"utf-8\"\r\nMIME-Version: 1.0\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "Content-Disposition: form-data; name=a; filename=b.txt\r\nContent-Length: 1\r\n\r\n"
    "1\r\n"
    "--=_Part_1 (x)--\r\nThe end.\r\n";

ParsedForm parse(const std::string& type, std::string_view body, std::size_t piece = SIZE_MAX) {
    const auto boundary = multipart_boundary(type);
    REQUIRE(boundary.has_value());
    return parse_multipart(body, *boundary, {}, piece);
}

void check_field(const ParsedField& field, std::string_view name, std::string_view content) {
    CAPTURE(name);
    CHECK(field.head.name == name);
    CHECK(field.content == content);
    CHECK(field.complete);
}

}  // namespace

TEST_SUITE("multipart_clients") {
    TEST_CASE("Chromium is understood") {
        const ParsedForm form = parse(chromium_type, chromium_body);
        CHECK(form.message.empty());
        REQUIRE(form.fields.size() == 11);
        check_field(form.fields[0], "title", "Gr\xc3\xbc\xc3\x9f"s + "e");
        check_field(form.fields[1], "a\"b", "say \"hi\"");
        check_field(form.fields[2], "text", "one\r\ntwo");
        check_field(form.fields[3], "back\\slash", "100%");
        check_field(form.fields[4], "c", "1");
        check_field(form.fields[5], "c", "2");
        check_field(form.fields[6], "empty", "");
        check_field(form.fields[7], "_charset_", "UTF-8");
        check_field(form.fields[8], "none", "");
        CHECK(form.fields[8].head.filename == "");
        check_field(form.fields[9], "up", "hello\r\nworld\n");
        CHECK(form.fields[9].head.filename == "a \"quoted\" \xc3\xbc\\b.txt");
        CHECK(form.fields[9].head.type == "text/plain");
        check_field(form.fields[10], "up", "\0\1\2\r\n--\xff"s);
        CHECK(form.fields[10].head.filename == "data.bin");
        CHECK(form.fields[10].head.type == "application/octet-stream");
    }

    TEST_CASE("Firefox is understood") {
        const ParsedForm form = parse(firefox_type, firefox_body);
        CHECK(form.message.empty());
        REQUIRE(form.fields.size() == 2);
        check_field(form.fields[0], "say \"hi\"\r\n", "-----------------------------");
        check_field(form.fields[1], "up", "\x89PNG\r\n\x1a\n\0"s);
        CHECK(form.fields[1].head.filename == "b\xc3\xa9.png");
        CHECK(form.fields[1].head.type == "image/png");
    }

    TEST_CASE("Clients that write mail are understood") {
        const ParsedForm form = parse(mail_type, mail_body);
        CHECK(form.message.empty());
        REQUIRE(form.fields.size() == 1);
        check_field(form.fields[0], "a", "1");
        CHECK(form.fields[0].head.filename == "b.txt");
        CHECK(form.fields[0].head.headers.size() == 5);
    }

    TEST_CASE("A form is the same in pieces of any size") {
        const std::pair<const std::string&, const std::string&> all[] = {
            {chromium_type, chromium_body}, {firefox_type, firefox_body}, {mail_type, mail_body}};
        for (const auto& [type, body] : all) {
            const ParsedForm whole = parse(type, body);
            for (std::size_t piece = 1; piece <= 100; ++piece) {
                CAPTURE(piece);
                CHECK(parse(type, body, piece).fields == whole.fields);
            }
        }
    }
}
