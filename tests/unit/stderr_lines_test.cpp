#include "handlers/cgi/stderr_lines.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

StderrLines::Write into(Lines& lines) {
    return [&lines](std::string_view line) { lines.emplace_back(line); };
}

// What is written of `text`, fed in pieces of that size.
Lines lines_of(std::string_view text, std::size_t piece = 1'000'000) {
    Lines lines;
    StderrLines reader(into(lines));
    for (std::size_t at = 0; at < text.size(); at += piece) reader.feed(text.substr(at, piece), 1s);
    reader.finish();
    return lines;
}

std::string tail_of(std::string_view text) {
    StderrLines reader([](std::string_view) {});
    reader.feed(text, 1s);
    reader.finish();
    return reader.tail();
}

std::string numbered_lines(int from, int to) {
    std::string text;
    for (int i = from; i <= to; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
}

}  // namespace

TEST_SUITE("StderrLines") {
    TEST_CASE("Lines are told apart, however they come") {
        struct Row {
            std::string_view text;
            Lines lines;
        };
        const Row rows[] = {
            {"", {}},
            {"a\n", {"a"}},
            {"a", {"a"}},
            {"a\nb\n", {"a", "b"}},
            {"a\r\nb\r\n", {"a", "b"}},
            {"\n\r\n\n", {}},
            {"\n\na\n\n\nb\n", {"a", "b"}},
            {"a\rb\n", {"a\rb"}},
            {"a\r\r\n", {"a\r"}},
            {" \n", {" "}},
            {"a\r", {"a"}},
            {"\x1b[31mred\n", {"\x1b[31mred"}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text);
            for (const std::size_t piece : {1u, 2u, 3u, 1000u}) {
                CAPTURE(piece);
                CHECK(lines_of(row.text, piece) == row.lines);
            }
        }
    }

    TEST_CASE("A line goes out when it is whole, the last one at the end") {
        Lines lines;
        StderrLines reader(into(lines));
        reader.feed("one\ntw", 1s);
        CHECK(lines == Lines{"one"});
        reader.feed("o\nthree", 1s);
        CHECK(lines == Lines{"one", "two"});
        reader.finish();
        CHECK(lines == Lines{"one", "two", "three"});
    }

    TEST_CASE("A long line is cut") {
        constexpr std::size_t longest = StderrLines::longest_line;
        const std::string cut = std::string(longest - 3, 'x') + "...";
        for (const std::size_t piece : {std::size_t{1}, longest, longest + 1, 10 * longest}) {
            CAPTURE(piece);
            const std::string just = std::string(longest, 'x');
            CHECK(lines_of(just + "\r\nb\n", piece) == Lines{just, "b"});
            CHECK(lines_of(just + "\nb\n", piece) == Lines{just, "b"});
            CHECK(lines_of(just + "x\nb\n", piece) == Lines{cut, "b"});
            CHECK(lines_of(just + just + "\r\nb\n", piece) == Lines{cut, "b"});
            CHECK(lines_of(just + just, piece) == Lines{cut});
        }
    }

    TEST_CASE("More lines than the rate are counted, not written") {
        Lines lines;
        StderrLines reader(into(lines));
        reader.feed(numbered_lines(1, 60), 5s);
        CHECK(lines.size() == StderrLines::rate);
        CHECK(lines.back() == "line 50");
        reader.feed(numbered_lines(61, 61), 5999ms);
        CHECK(lines.size() == StderrLines::rate);
        reader.feed(numbered_lines(62, 62), 6s);
        REQUIRE(lines.size() == StderrLines::rate + 2);
        CHECK(lines[50] == "... 11 lines were not logged");
        CHECK(lines[51] == "line 62");
        reader.finish();
        CHECK(lines.size() == StderrLines::rate + 2);
    }

    TEST_CASE("The end tells what was suppressed, the last line too") {
        const Lines lines = lines_of(numbered_lines(1, 51));
        REQUIRE(lines.size() == StderrLines::rate + 1);
        CHECK(lines.back() == "... 1 line was not logged");
        CHECK(lines_of(numbered_lines(1, 60) + "unfinished").back() ==
              "... 11 lines were not logged");
    }

    TEST_CASE("Slow lines are all written") {
        Lines lines;
        StderrLines reader(into(lines));
        for (int i = 0; i < 200; ++i) reader.feed("x\n", 20ms * i);
        reader.finish();
        CHECK(lines.size() == 200);
    }

    TEST_CASE("The first second may begin at any time, also at 0") {
        Lines lines;
        StderrLines reader(into(lines));
        reader.feed("a\n", 0s);
        reader.feed(numbered_lines(1, 60), 900ms);
        CHECK(lines.size() == StderrLines::rate);
    }

    TEST_CASE("The tail is the last of all lines, suppressed ones too") {
        CHECK(tail_of("").empty());
        CHECK(tail_of("a\n\nb\nc") == "a | b | c");
        CHECK(tail_of(numbered_lines(1, 61)).ends_with("line 59 | line 60 | line 61"));
        constexpr std::size_t most = StderrLines::tail_bytes;
        CHECK(tail_of(std::string(most, 'x')) == std::string(most, 'x'));
        CHECK(tail_of("a\n" + std::string(most - 4, 'x')) == "a | " + std::string(most - 4, 'x'));
        CHECK(tail_of("a\n" + std::string(most - 3, 'x')) == "..." + std::string(most - 3, 'x'));
        const std::string long_tail = tail_of(numbered_lines(1, 5000));
        CHECK(long_tail.size() == most);
        CHECK(long_tail.starts_with("..."));
        CHECK(long_tail.ends_with(" | line 4999 | line 5000"));
    }

    TEST_CASE("A flood takes no more memory than a few lines") {
        Lines lines;
        StderrLines reader(into(lines));
        const std::string flood = numbered_lines(1, 5000);
        const std::string line_without_end(100'000, 'x');
        for (int i = 0; i < 100; ++i) reader.feed(flood, 1s);
        for (int i = 0; i < 50; ++i) reader.feed(line_without_end, 1s);
        CHECK(reader.tail().capacity() < 8192);
        reader.finish();
        CHECK(reader.tail().capacity() < 8192);
        CHECK(lines.size() == StderrLines::rate + 1);
        CHECK(lines.back() == "... 499951 lines were not logged");
    }
}
