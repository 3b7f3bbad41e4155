#include "server/log/access_line.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ostream>
#include <string>

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

const AccessRecord plain{"192.0.2.7", "GET /a HTTP/1.1",
                         "h.example", "http://r/",
                         "curl/8",    200,
                         1234,        std::chrono::microseconds{56}};

std::string line(AccessFormat format, const AccessRecord& record) {
    ::setenv("TZ", "UTC-2", 1);  // POSIX: two hours east
    ::tzset();
    LogTime time;
    time.update(784111777);
    std::string out = "before\n";
    append_access_line(out, format, record, time);
    ::unsetenv("TZ");
    ::tzset();
    return out.substr(7);
}

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

}  // namespace

TEST_SUITE("access_line") {
    TEST_CASE("Each format has its line, in local time where that is the custom") {
        CHECK(line(AccessFormat::off, plain) == "");
        CHECK(line(AccessFormat::python, plain) ==
              "192.0.2.7 - - [06/Nov/1994 10:49:37] \"GET /a HTTP/1.1\" 200 -\n");
        CHECK(line(AccessFormat::common, plain) ==
              "192.0.2.7 - - [06/Nov/1994:10:49:37 +0200] \"GET /a HTTP/1.1\" 200 1234\n");
        CHECK(line(AccessFormat::combined, plain) ==
              "192.0.2.7 - - [06/Nov/1994:10:49:37 +0200] \"GET /a HTTP/1.1\" 200 1234 "
              "\"http://r/\" \"curl/8\"\n");
        CHECK(line(AccessFormat::json, plain) ==
              "{\"time\":\"1994-11-06T08:49:37Z\",\"client\":\"192.0.2.7\","
              "\"request\":\"GET /a HTTP/1.1\",\"host\":\"h.example\",\"status\":200,"
              "\"bytes\":1234,\"duration_us\":56,\"referer\":\"http://r/\","
              "\"user_agent\":\"curl/8\"}\n");
    }

    TEST_CASE("What is absent is a dash") {
        const AccessRecord empty{"", "", "", "", "", 408, 0, std::chrono::microseconds{-5}};
        CHECK(line(AccessFormat::python, empty) == "- - - [06/Nov/1994 10:49:37] \"\" 408 -\n");
        CHECK(line(AccessFormat::common, empty) ==
              "- - - [06/Nov/1994:10:49:37 +0200] \"\" 408 -\n");
        CHECK(line(AccessFormat::combined, empty) ==
              "- - - [06/Nov/1994:10:49:37 +0200] \"\" 408 0 \"-\" \"-\"\n");
        CHECK(line(AccessFormat::json, empty).find("\"duration_us\":0,") != std::string::npos);
    }

    TEST_CASE("A client cannot forge a line or send a terminal commands") {
        const AccessRecord evil{
            "c",     "GET /\" 200 -\n1.2.3.4 - - \x1b[31m \\ \x7f\xC3\xA9 HTTP/1.1",
            "h",     "\r\n\"}",
            "\0x"sv, 400,
            0,       {}};
        CHECK(line(AccessFormat::combined, evil) ==
              "c - - [06/Nov/1994:10:49:37 +0200] "
              "\"GET /\\\" 200 -\\x0a1.2.3.4 - - \\x1b[31m \\\\ \\x7f\\xc3\\xa9 HTTP/1.1\" 400 0 "
              "\"\\x0d\\x0a\\\"}\" \"\\x00x\"\n");
        const std::string json = line(AccessFormat::json, evil);
        CHECK(
            json.find("GET /\\\" 200 -\\u000a1.2.3.4 - - \\u001b[31m \\\\ \\u007f\\u00c3\\u00a9") !=
            std::string::npos);
        CHECK(json.find("\"referer\":\"\\u000d\\u000a\\\"}\"") != std::string::npos);
        CHECK(json.find("\"user_agent\":\"\\u0000x\"") != std::string::npos);
        CHECK(json.find('\n') == json.size() - 1);
    }

    TEST_CASE("Printable ASCII is not escaped, but for quote and backslash") {
        for (int c = 0; c < 256; ++c) {
            CAPTURE(c);
            const std::string text(1, static_cast<char>(c));
            const bool plain_text = c >= ' ' && c < 127 && c != '"' && c != '\\';
            CHECK((escaped(text) == text) == plain_text);
        }
        CHECK(escaped("a\tb") == "a\\x09b");
        CHECK(escaped("") == "");
    }

    TEST_CASE("The texts of a time change with the second") {
        LogTime time;
        time.update(0);
        CHECK(time.iso() == "1970-01-01T00:00:00Z");
        time.update(0);
        CHECK(time.iso() == "1970-01-01T00:00:00Z");
        time.update(253402300799);
        CHECK(time.iso() == "9999-12-31T23:59:59Z");
    }

    TEST_CASE("Further fields follow, in text and in JSON, numbers bare and text escaped") {
        AccessRecord record = plain;
        const LogField fields[] = {
            {"id", "Zm9v", 0},
            {"exit", {}, 3},
            {"zero", {}, 0},
            {"below", {}, -1},
            {"evil", "a b\"\n\x1b\\=\xC3", 7},
        };
        record.fields = fields;
        const std::string rest =
            " id=Zm9v exit=3 zero=0 below=-1 evil=a b\\\"\\x0a\\x1b\\\\=\\xc3\n";
        CHECK(line(AccessFormat::python, record) ==
              "192.0.2.7 - - [06/Nov/1994 10:49:37] \"GET /a HTTP/1.1\" 200 -" + rest);
        CHECK(line(AccessFormat::common, record) ==
              "192.0.2.7 - - [06/Nov/1994:10:49:37 +0200] \"GET /a HTTP/1.1\" 200 1234" + rest);
        CHECK(line(AccessFormat::combined, record) ==
              "192.0.2.7 - - [06/Nov/1994:10:49:37 +0200] \"GET /a HTTP/1.1\" 200 1234 "
              "\"http://r/\" \"curl/8\"" +
                  rest);
        const std::string json = line(AccessFormat::json, record);
        CHECK(
            json.ends_with("\"user_agent\":\"curl/8\",\"id\":\"Zm9v\",\"exit\":3,\"zero\":0,"
                           "\"below\":-1,\"evil\":\"a b\\\"\\u000a\\u001b\\\\=\\u00c3\"}\n"));
        CHECK(line(AccessFormat::off, record) == "");
    }
}
