// Forms over a socket: curl as a client that knows them, and wire text.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "handlers/forms/field_storage.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

/// A number that tells contents apart.
std::string sum_of(std::string_view content) {
    unsigned sum = 0;
    for (const char c : content) sum = sum * 31 + static_cast<unsigned char>(c);
    return std::to_string(sum);
}

/// "name=value;" for a field, "name=[filename|type|size|sum];" for a file.
std::string shown(const FormField& field) {
    if (!field.is_file()) return field.name + '=' + field.value() + ";\n";
    return field.name + "=[" + *field.filename + '|' + field.type + '|' +
           std::to_string(field.size()) + '|' + sum_of(field.value()) + "];\n";
}

/// Answers with what is in the form; what is wrong with it is answered by the handler's base.
HandlerFactory form_handler(const FormLimits& limits = {}) {
    return function_handler([limits](FunctionHandler& handler) {
        std::string text;
        for (const FormField& field : FieldStorage(handler, limits)) text += shown(field);
        handler.answer(text);
    });
}

/// The body of the answer that curl gets, then its status.
std::string curl(const TestServerBase& server, const std::string& arguments) {
    return output_of(shell("curl -sS --noproxy '*' --max-time 20 -w '%{http_code}' " + arguments +
                           " " + curl_target(server.port(), "/form")));
}

std::string post(std::string_view type, std::string_view body) {
    return "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_SUITE("forms") {
    TEST_CASE("curl sends fields and files") {
        const TestServer server(form_handler());
        const TempDir directory;
        const std::string content = "one\r\n--two\r\n";
        const std::string small = directory.write("small.txt", content).string();
        const std::string empty = directory.write("empty", "").string();
        CHECK(curl(server,
                   "-F user=ann -F 'text=<" + small + "' --form-string 'a b=c;d' -F user=bob") ==
              "user=ann;\ntext=" + content + ";\na b=c;d;\nuser=bob;\n200");
        CHECK(curl(server, "-F up=@" + small + " -F 'up=@" + empty + ";type=a/b;filename=x'") ==
              "up=[small.txt|text/plain|12|" + sum_of(content) + "];\nup=[x|a/b|0|0];\n200");
    }

    TEST_CASE("curl sends a file that is too large for memory") {
        const TestServer server(form_handler());
        const TempDir directory;
        std::string content;
        for (int i = 0; content.size() < 3'000'000; ++i)
            content += std::to_string(i) + (i % 3 == 0 ? "\r\n--" : "\r");
        const std::string large = directory.write("large.bin", content).string();
        const std::string expected = "before=1;\nup=[large.bin|application/octet-stream|" +
                                     std::to_string(content.size()) + '|' + sum_of(content) +
                                     "];\nafter=2;\n200";
        const std::string fields = "-F before=1 -F up=@" + large + " -F after=2";
        CHECK(curl(server, fields) == expected);
        CHECK(curl(server, fields + " -H 'Transfer-Encoding: chunked'") == expected);
    }

    TEST_CASE("curl sends names with quotes, backslashes and UTF-8") {
        const TestServer server(form_handler());
        const TempDir directory;
        const std::string file = directory.write("f", "").string();
        const std::string names =
            "-F 'gr\xc3\xbc\xc3\x9f=\xe2\x82\xac' -F 'say \"hi\"=1' -F 'a\\b=2' "
            "-F 'up=@" +
            file + ";filename=\"\xc3\xa4 \\\"q\\\" .txt\"'";
        const std::string expected =
            "gr\xc3\xbc\xc3\x9f=\xe2\x82\xac;\nsay \"hi\"=1;\na\\b=2;\n"
            "up=[\xc3\xa4 \"q\" .txt|text/plain|0|0];\n200";
        CHECK(curl(server, names) == expected);
        CHECK(curl(server, "--form-escape " + names) == expected);
    }

    TEST_CASE("curl sends an urlencoded form, and a query") {
        const TestServer server(form_handler());
        CHECK(curl(server, "--data-urlencode 'a=1 & 2' --data-urlencode 'b=\xc3\xa4' -d c=") ==
              "a=1 & 2;\nb=\xc3\xa4;\n200");
        CHECK(curl(server, "-G --data-urlencode 'a=1 & 2' -d b=3+4") == "a=1 & 2;\nb=3 4;\n200");
    }

    TEST_CASE("An upload that is encoded once more is refused") {
        const TestServer server(form_handler());
        const std::string answer = curl(server, "-F 'a=text;encoder=base64'");
        CHECK(answer.find("has a Content-Transfer-Encoding") != answer.npos);
        CHECK(answer.ends_with("400"));
    }

    TEST_CASE("A form that is too much or too bad gets its error and the connection goes on") {
        const TestServer server(form_handler({.fields = 2, .files = 1, .value_bytes = 10}));
        HttpClient client = server.client();
        constexpr std::string_view urlencoded = "application/x-www-form-urlencoded";
        constexpr std::string_view multipart = "multipart/form-data; boundary=b";
        const std::string part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n";
        const std::string file =
            "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n";
        struct Row {
            std::string_view type;
            std::string body;
            int status;
            std::string_view reason;
        };
        const Row rows[] = {
            {urlencoded, "a=1&b=2", 200, "OK"},
            {urlencoded, "a=1&b=2&c=3", 413, "The form has too many fields (limit: 2)"},
            {urlencoded, "a=12345678901", 413, "A form field has too many bytes (limit: 10)"},
            {multipart, file + file + "--b--", 413, "The form has too many files (limit: 1)"},
            {multipart, part + "1\r\n--b--", 200, "OK"},
            {multipart, part + "1\n--b--\n", 400, "The form ends before its closing delimiter"},
            {multipart, part + "1", 400, "The form ends before its closing delimiter"},
            {multipart, "", 400, "The form ends before its closing delimiter"},
            {"multipart/form-data", part + "1\r\n--b--", 400,
             "The Content-Type of the form has no good boundary"},
            {"text/plain", "a=1", 415, "A form must be urlencoded or multipart/form-data"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.body);
            client.send(post(row.type, row.body));
            const Reply reply = client.receive();
            CHECK(reply.status == row.status);
            CHECK(reply.reason == row.reason);
        }
    }
}
