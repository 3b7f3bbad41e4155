// The two logs and their files: what is written where, opened anew, changed.
#include "server/log/log.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <system_error>

#include "server/log/access_lines.hpp"
#include "tests/support/daemon_fixture.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;
namespace fs = std::filesystem;

namespace {

LogOptions options(const TempDir& dir, const char* access = "access", const char* error = "error") {
    LogOptions made;
    made.access = std::string(access) == "off" ? access : (dir / access).string();
    made.error = (dir / error).string();
    made.format = AccessFormat::combined;
    return made;
}

AccessRecord of(std::string_view client) {
    AccessRecord record;
    record.client = client;
    return record;
}

/// Digits as 9.
std::string shape(std::string text) {
    for (char& c : text)
        if (c >= '0' && c <= '9') c = '9';
    return text;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("Log") {
    TEST_CASE("An event line has its time, its level and its text without controls") {
        const TempDir dir;
        {
            Log log(options(dir));
            log.write(LogLevel::debug, "not shown");
            log.write(LogLevel::info, "one");
            log.write(LogLevel::warning, "two\nforged\r\x1b[31m\x7f");
            log.write(LogLevel::error, tag_mark("example.org") + "three");
            log.write(LogLevel::off, "not shown");
        }
        CHECK(shape(read_text(dir / "error")) ==
              "9999-99-99T99:99:99.999Z info: one\n"
              "9999-99-99T99:99:99.999Z warning: two\\x9aforged\\x9d\\x9b[99m\\x9f\n"
              "9999-99-99T99:99:99.999Z error: [example.org] three\n");
        CHECK(tag_mark("") == "");
    }

    TEST_CASE("Both logs in one file keep the order of their lines") {
        const TempDir dir;
        {
            Log log(options(dir, "both", "both"));
            log.write_access("one\n");
            log.write(LogLevel::info, "two");
            log.write_access("three\n");
        }
        CHECK(shape(read_text(dir / "both")) == "one\n9999-99-99T99:99:99.999Z info: two\nthree\n");
    }

    TEST_CASE("A file that was moved away is opened again, and no line is lost") {
        const TempDir dir;
        Log log(options(dir));
        log.write_access("one\n");
        log.flush();
        fs::rename(dir / "access", dir / "access.1");
        log.write_access("two\n");
        CHECK(log.reopen());
        log.write_access("three\n");
        log.flush();
        CHECK(read_text(dir / "access.1") + read_text(dir / "access") == "one\ntwo\nthree\n");
        CHECK(has(read_text(dir / "access"), "three"));
    }

    TEST_CASE("A file that cannot be opened again stays, and the reason is told") {
        const TempDir dir;
        dir.mkdir("logs");
        LogOptions some = options(dir);
        some.access = (dir / "logs" / "access").string();
        Log log(some);
        fs::rename(dir / "logs", dir / "moved");
        CHECK_FALSE(log.reopen());
        log.write_access("line\n");
        log.flush();
        CHECK(read_text(dir / "moved" / "access") == "line\n");
        CHECK(has(read_text(dir / "error"),
                  " error: Cannot reopen log file '" + some.access +
                      "': No such file or directory; the file that is open is written on\n"));
    }

    TEST_CASE("A line that somebody left incomplete is ended before the first one") {
        const TempDir dir;
        dir.write("access", "whole\nhal");
        { Log(options(dir)).write_access("line\n"); }
        { Log(options(dir)).write_access("next\n"); }
        CHECK(read_text(dir / "access") == "whole\nhal\nline\nnext\n");
    }

    TEST_CASE("Level, format and files change while it is used") {
        const TempDir dir;
        Log log(options(dir));
        AccessLines lines;
        REQUIRE(lines.follow(log));
        lines.add(of("old"), 0);
        LogOptions next = options(dir, "access2", "error2");
        next.format = AccessFormat::pattern;
        next.pattern = parse_access_pattern("%h").pattern;
        next.level = LogLevel::error;
        log.write(LogLevel::info, "before");
        log.reconfigure(next);
        log.write(LogLevel::info, "hidden");
        log.write(LogLevel::error, "after");
        lines.add(of("old too"), 0);
        REQUIRE(lines.follow(log));
        lines.add(of("new"), 0);
        lines.flush(log);
        log.flush();
        const std::string old = read_text(dir / "access");
        CAPTURE(old);
        CHECK((has(old, "old - - [") && has(old, "old too - - [")));
        CHECK(read_text(dir / "access2") == "new\n");
        CHECK(has(read_text(dir / "error"), " info: before\n"));
        CHECK(has(read_text(dir / "error2"), "Z error: after\n"));
        CHECK(lines_of(read_text(dir / "error2")).size() == 1);

        log.reconfigure(options(dir, "off", "error2"));
        CHECK_FALSE(lines.follow(log));
        CHECK_FALSE(log.access_on());
        log.write(LogLevel::info, "last");
        log.flush();
        CHECK(has(read_text(dir / "error2"), " info: last\n"));
    }

    TEST_CASE("A change that cannot be made changes nothing") {
        const TempDir dir;
        Log log(options(dir));
        const auto before = log.access();
        LogOptions bad = options(dir, "access2", "none/error");
        bad.level = LogLevel::off;
        CHECK_THROWS_AS(log.reconfigure(bad), std::system_error);
        bad = options(dir, "none/access", "error2");
        CHECK_THROWS_AS(log.reconfigure(bad), std::system_error);
        CHECK(log.access() == before);
        log.write(LogLevel::info, "line");
        log.flush();
        CHECK(has(read_text(dir / "error"), " info: line\n"));
        CHECK(read_text(dir / "error2") == "");
    }

    TEST_CASE("A hundred changes leave neither files open nor threads behind") {
        const TempDir dir;
        const auto count = [](const char* what) {
            const fs::directory_iterator entries(std::string("/proc/self/") + what);
            return std::distance(begin(entries), end(entries));
        };
        Log log(options(dir));
        log.flush();
        const auto files = count("fd"), threads = count("task");
        for (int i = 0; i < 100; ++i) {
            log.reconfigure(i % 2 == 0 ? options(dir, "a", "b") : options(dir));
            log.write_access("line\n");
        }
        log.write(LogLevel::info, "wakes the thread");
        log.flush();
        CHECK(count("fd") == files);
        CHECK(count("task") == threads);
        CHECK(lines_of(read_text(dir / "a")).size() == 50);
        CHECK(lines_of(read_text(dir / "access")).size() == 50);
    }
}
