#include "handlers/forms/field_storage.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <system_error>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;

namespace {

using Strings = std::vector<std::string>;

constexpr std::string_view multipart = "multipart/form-data; boundary=b";
constexpr std::string_view multipart_body =
    "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nann\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"tag\"\r\n\r\nx\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"up\"; filename=\"../a.txt\"\r\n"
    "Content-Type: text/x-log; charset=utf-8\r\n\r\none\ntwo\n\nlast\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"tag\"\r\n\r\ny\r\n"
    "--b--\r\n";

/// A body in memory, or in a file of `directory`.
RequestBody body_of(std::string_view text, bool in_file = false) {
    RequestBody body(in_file ? 0 : text.size(), "/tmp");
    REQUIRE(body.append(text));
    return body;
}

FieldStorage form_of(std::string_view type, std::string_view text, const FormLimits& limits = {}) {
    RequestBody body = body_of(text);
    return FieldStorage(body, type, limits);
}

int code_of(std::string_view type, std::string_view text, const FormLimits& limits = {}) {
    try {
        form_of(type, text, limits);
        return 0;
    } catch (const FormError& error) {
        return error.code();
    }
}

/// What a handler that reads the form of a request finds: "a=1 b=2".
std::string seen_by_handler(std::string_view request) {
    std::string seen;
    MemoryServer server(function_handler([&](FunctionHandler& handler) {
        for (const FormField& field : FieldStorage(handler)) {
            if (!seen.empty()) seen += ' ';
            seen.append(field.name).append("=").append(field.value());
        }
        handler.answer("");
    }));
    server.run(request);
    return seen;
}

}  // namespace

TEST_SUITE("FieldStorage") {
    TEST_CASE("A form is asked as in Python, wherever its body is") {
        for (const bool in_file : {false, true}) {
            CAPTURE(in_file);
            RequestBody body = body_of(multipart_body, in_file);
            FieldStorage form(body, multipart);
            CHECK(form.getvalue("user") == "ann");
            CHECK(form.getvalue("nobody") == std::nullopt);
            CHECK(form.getvalue("nobody", "x") == "x");
            CHECK(form.getfirst("tag") == "x");
            CHECK(form.getfirst("tag", "z") == "x");
            CHECK(form.getfirst("empty", "z") == "");
            CHECK(form.getlist("tag") == Strings{"x", "y"});
            CHECK(form.getlist("nobody").empty());
            CHECK(form.keys() == Strings{"user", "tag", "empty", "up"});
            CHECK(form.contains("user"));
            CHECK_FALSE(form.contains("User"));
            CHECK(form.size() == 5);
            CHECK(form.find_all("tag").size() == 2);
            CHECK(form.getvalue("up") == "one\ntwo\n\nlast");
            CHECK(form.find("nobody") == nullptr);
            CHECK_THROWS_WITH_AS(form["nobody"], "The form has no field nobody", FormError);
        }
    }

    TEST_CASE("A field has a name, a type and a file to read") {
        for (const bool in_file : {false, true}) {
            CAPTURE(in_file);
            RequestBody body = body_of(multipart_body, in_file);
            FieldStorage form(body, multipart);
            body = RequestBody();  // a form needs neither its request ...
            FormField up = form["up"];
            form = FieldStorage(body, "");  // ... nor a field its form
            CHECK(up.is_file());
            CHECK(up.filename == "../a.txt");
            CHECK(up.basename() == "a.txt");
            CHECK(up.type == "text/x-log");
            CHECK(up.headers.size() == 2);
            CHECK(up.size() == 13);
            CHECK(up.file.readline() == "one\n");
            CHECK(up.file.readline(2) == "tw");
            CHECK(up.file.tell() == 6);
            CHECK(up.file.readline() == "o\n");
            CHECK(up.file.readline() == "\n");
            CHECK(up.file.read(2) == "la");
            CHECK(up.file.read() == "st");
            CHECK(up.file.at_end());
            CHECK(up.file.read() == "");
            CHECK(up.file.readline() == "");
            CHECK(up.value() == "one\ntwo\n\nlast");
            up.file.seek(4);
            std::array<char, 100> buffer;
            CHECK(up.file.readinto(buffer) == 9);
            CHECK(std::string_view(buffer.data(), 9) == "two\n\nlast");
            up.file.seek(1000);
            CHECK(up.file.at_end());
        }
    }

    TEST_CASE("A long line is read whole") {
        const std::string line = std::string(10'000, 'x') + '\n';
        const FieldStorage form = form_of("", "a=" + std::string(10'000, 'x') + "%0Ay");
        FormFile file = form.find("a")->file;
        CHECK(file.readline() == line);
        CHECK(file.readline() == "y");
    }

    TEST_CASE("What a handler has read of the body is not part of the form") {
        for (const bool in_file : {false, true}) {
            RequestBody body = body_of("skip\n" + std::string(multipart_body), in_file);
            CHECK(body.readline() == "skip\n");
            FieldStorage form(body, multipart);
            CHECK(form.getvalue("user") == "ann");
            CHECK(form.getlist("tag") == Strings{"x", "y"});
            CHECK(body.at_end());
        }
    }

    TEST_CASE("A file is saved under a new name only") {
        const TempDir directory;
        for (const bool in_file : {false, true}) {
            const std::string path = (directory / (in_file ? "one" : "two")).string();
            RequestBody body = body_of(multipart_body, in_file);
            FieldStorage form(body, multipart);
            form["up"].file.read(3);
            form["up"].file.save(path);
            std::ifstream saved(path);
            CHECK(std::string(std::istreambuf_iterator<char>(saved), {}) == "one\ntwo\n\nlast");
            CHECK_THROWS_AS(form["user"].file.save(path), std::system_error);
            CHECK(std::filesystem::file_size(path) == 13);
        }
    }

    TEST_CASE("A base name names no other place") {
        struct Row {
            std::string_view filename, basename;
        };
        const Row rows[] = {
            {"a.txt", "a.txt"},
            {"/etc/passwd", "passwd"},
            {"../../x", "x"},
            {R"(C:\dir\a.txt)", "a.txt"},
            {R"(a/b\c)", "c"},
            {"..", ""},
            {".", ""},
            {"", ""},
            {"dir/", ""},
            {".htaccess", "htaccess"},
            {"...a..b", "a..b"},
            {"a\r\nb", "ab"},
            {"\x01.\x01./x", "x"},
            {"\x01.\x7f.hidden", "hidden"},
            {"\xc3\xa4 b", "\xc3\xa4 b"},
            {std::string_view("a\0.txt", 6), "a.txt"},
        };
        for (const Row& row : rows) {
            FormField field;
            field.filename = row.filename;
            CAPTURE(row.filename);
            CHECK(field.basename() == row.basename);
        }
        CHECK(FormField().basename().empty());
    }

    TEST_CASE("The content type says how a body is read") {
        struct Row {
            std::string_view type, body;
            int code;
        };
        const Row rows[] = {
            {"", "a=1", 0},
            {"application/x-www-form-urlencoded", "a=1", 0},
            {"Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=1", 0},
            {"Multipart/Form-Data; boundary=b", multipart_body, 0},
            {"multipart/form-data; boundary=b", "--b--", 0},
            {"multipart/form-data; boundary=b", "", 400},
            {"multipart/form-data; boundary=b", "a=1", 400},
            {"multipart/form-data", multipart_body, 400},
            {"multipart/form-data; boundary=", multipart_body, 400},
            {"multipart/mixed; boundary=b", multipart_body, 415},
            {"text/plain", "a=1", 415},
            {"application/json", "{}", 415},
            {";", "a=1", 0},
        };
        for (const Row& row : rows) {
            CAPTURE(row.type);
            CHECK(code_of(row.type, row.body) == row.code);
        }
    }

    TEST_CASE("Limits hold for bodies of both kinds") {
        CHECK(code_of("", "a=1&b=2", {.fields = 1}) == 413);
        CHECK(code_of(multipart, multipart_body, {.fields = 5}) == 0);
        CHECK(code_of(multipart, multipart_body, {.fields = 4}) == 413);
        CHECK(code_of(multipart, multipart_body, {.files = 0}) == 413);
        CHECK(code_of(multipart, multipart_body, {.file_bytes = 12}) == 413);
        CHECK(code_of(multipart, multipart_body, {.value_bytes = 3, .file_bytes = 13}) == 0);
    }

    TEST_CASE("An empty value of an urlencoded form is kept when asked for") {
        CHECK(form_of("", "a=&b=1&c").keys() == Strings{"b"});
        CHECK(form_of("", "a=&b=1&c", {.keep_blank_values = true}).keys() ==
              Strings{"a", "b", "c"});
    }

    TEST_CASE("A handler gets the query of a GET, and the body of a POST") {
        struct Row {
            std::string_view request, seen;
        };
        const Row rows[] = {
            {"GET /f?a=1&b=%C3%A4+x&a=2 HTTP/1.1\r\nHost: h\r\n\r\n", "a=1 b=\xc3\xa4 x a=2"},
            {"HEAD /f?a=1 HTTP/1.1\r\nHost: h\r\n\r\n", "a=1"},
            {"GET /f HTTP/1.1\r\nHost: h\r\n\r\n", ""},
            {"POST /f?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nb=2", "b=2"},
            {"PUT /f HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n\r\nb=2",
             "b=2"},
            {"POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 66\r\n"
             "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
             "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nann\r\n--b--\r\n",
             "user=ann"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.request);
            CHECK(seen_by_handler(row.request) == row.seen);
        }
    }
}
