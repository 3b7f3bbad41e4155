#include "server/log/access_pattern.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ostream>
#include <string>

#include "server/http1/request_head.hpp"

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view request_text =
    "GET /a/b?q=1 HTTP/1.1\r\nHost: h.example:80\r\nReferer: http://r/\r\nUser-Agent: curl/8\r\n"
    "X-Two: one\r\nx-two: \"2\"\r\n\r\n";

/// The line of `request_text` in a format.
std::string line(std::string_view format, AccessRecord record = {}) {
    static RequestHead head;
    parse_request_head(request_text, {}, head);
    record.client = "192.0.2.7";
    record.request_line = head.request_line;
    record.host = head.host;
    record.referer = head.referer;
    record.user_agent = head.user_agent;
    record.status = 200;
    record.duration = std::chrono::microseconds{2'345'678};
    record.head = &head;
    ::setenv("TZ", "UTC-2", 1);  // POSIX: two hours east
    ::tzset();
    LogTime time;
    time.update(784111777);
    AccessPatternResult parsed = parse_access_pattern(format);
    CHECK(parsed.error == "");
    std::string out;
    append_access_line(out, parsed.pattern, record, time);
    ::unsetenv("TZ");
    ::tzset();
    REQUIRE(out.ends_with('\n'));
    out.pop_back();
    return out;
}

}  // namespace

TEST_SUITE("access_pattern") {
    TEST_CASE("Each directive tells its part of a request") {
        const LogField notes[] = {{"script_exit", {}, 3}, {"why", "a\nb", 0}};
        AccessRecord record;
        record.bytes = 1234;
        record.fields = notes;
        record.id = "Zm9v";
        record.site = "example";
        record.connection = '+';
        const struct {
            const char* format;
            const char* text;
        } rows[] = {
            {"%h|%a|%l|%u", "192.0.2.7|192.0.2.7|-|-"},
            {"%t", "[06/Nov/1994:10:49:37 +0200]"},
            {"%{%d/%b %H:%M}t|%{sec}t", "06/Nov 10:49|784111777"},
            {"%r", "GET /a/b?q=1 HTTP/1.1"},
            {"%m %U%q %H", "GET /a/b?q=1 HTTP/1.1"},
            {"%s %>s %<s", "200 200 200"},
            {"%b %B", "1234 1234"},
            {"%D %{us}T %{ms}T %T %{s}T", "2345678 2345678 2345 2 2"},
            {"\"%{Referer}i\" %{USER-AGENT}i", "\"http://r/\" curl/8"},
            {"%{X-Two}i", R"(one, \"2\")"},
            {"%v %V", "example h.example:80"},
            {"%X %L", "+ Zm9v"},
            {"%{script_exit}n %{why}n", "3 a\\x0ab"},
            {"100%%", "100%"},
            {R"(a\tb\\c\"%s)", "a\tb\\c\"200"},
            {"", ""},
        };
        for (const auto& row : rows) {
            CAPTURE(std::string(row.format));
            CHECK(line(row.format, record) == row.text);
        }
    }

    TEST_CASE("What is not known is a dash") {
        CHECK(line("%b %B %v %L %{None}i %{none}n") == "- 0 - - - -");
        AccessRecord nothing;
        std::string out;
        append_access_line(out, parse_access_pattern("%h %r %m %U %q %H %V %{Host}i").pattern,
                           nothing, {});
        CHECK(out == "- - - - - - - -\n");
    }

    TEST_CASE("Apache's combined format as a text gives the same line as its name") {
        AccessRecord record{"c", "r", "h", "http://r/", "curl/8", 404, 0, {}};
        RequestHead head;
        parse_request_head("r\r\nReferer: http://r/\r\nUser-Agent: curl/8\r\n", {}, head);
        head.fields = {{"Referer", "http://r/"}, {"User-Agent", "curl/8"}};
        record.head = &head;
        LogTime time;
        time.update(784111777);
        std::string by_name, by_text;
        append_access_line(by_name, AccessFormat::combined, record, time);
        append_access_line(
            by_text,
            parse_access_pattern(R"(%h %l %u %t "%r" %>s %B "%{Referer}i" "%{User-Agent}i")")
                .pattern,
            record, time);
        CHECK(by_text == by_name);
    }

    TEST_CASE("A mistake is named, with what would be right") {
        const struct {
            const char* format;
            const char* error;  // its beginning
        } rows[] = {
            {"%h %y", "%y is not a directive; known are %h %a "},
            {"%{Referer}x", "%{Referer}x is not a directive; known are "},
            {"%{m}T", "%{m}T is not a directive; known are "},
            {"%{a b}i", "%{a b}i is not a directive; known are "},
            {"%{}i", "%{}i is not a directive; known are "},
            {"%{Server}o", "%{Server}o: fields of answers cannot be logged"},
            {"%{%n}t", "%{%n}t is no time of strftime(3) with 1 to 127 characters in one line"},
            {"%{}t", "%{}t is no time of strftime(3)"},
            {"%h %", "% is cut short"},
            {"%>", "%> is cut short"},
            {"%{Referer", "%{Referer is cut short"},
            {"%{Referer}", "%{Referer} is cut short"},
            {"%!s", "%! is not a directive"},
            {R"(%h\n)", R"(\n is not known; \t, \" and \\ are, and each line ends by itself)"},
            {"%h\\", "\\ is not known"},
        };
        for (const auto& row : rows) {
            CAPTURE(std::string(row.format));
            const std::string error = parse_access_pattern(row.format).error;
            CAPTURE(error);
            CHECK(error.starts_with(row.error));
        }
    }

    TEST_CASE("A client cannot forge a line by any directive") {
        RequestHead head;
        const std::string evil = "a\r\n\"b\\\x1b[31m\x7f\xC3\xA9" + std::string(1, '\0') + "c";
        const std::string escaped = R"(a\x0d\x0a\"b\\\x1b[31m\x7f\xc3\xa9\x00c)";
        head.method = head.raw_target = head.version = evil;
        head.fields = {{"X", evil}};
        AccessRecord record;
        record.client = record.request_line = record.host = record.id = record.site = evil;
        record.head = &head;
        const LogField note{"n", evil, 0};
        record.fields = {&note, 1};
        for (const char* directive :
             {"%h", "%a", "%r", "%m", "%U", "%H", "%v", "%V", "%L", "%{X}i", "%{n}n"}) {
            CAPTURE(std::string(directive));
            std::string out;
            append_access_line(out, parse_access_pattern(directive).pattern, record, {});
            CHECK(out == escaped + "\n");
        }
        head.raw_target = "/?\n";
        std::string out;
        append_access_line(out, parse_access_pattern("%q").pattern, record, {});
        CHECK(out == "?\\x0a\n");
    }
}
