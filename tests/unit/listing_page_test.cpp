#include "handlers/files/listing_page.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/files/display_text.hpp"
#include "handlers/http/url_path.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

std::string render(std::string_view path, DirectoryListing listing,
                   ListingFormat format = ListingFormat::html) {
    ListingPage page(path, std::move(listing), format);
    std::string body;
    write_listing(page, [&](std::string_view piece) { body += piece; });
    return body;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string between(const std::string& text, std::string_view open, std::string_view close) {
    const auto begin = text.find(open) + open.size();
    return text.substr(begin, text.find(close, begin) - begin);
}

/// What `command` prints.
std::string output_of(const std::string& command) {
    std::string output;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    return output;
}

std::string base64_of_hex(std::string_view hex) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bits;
    for (const char c : hex) {
        const auto value = digits.find(c);
        for (int bit = 3; bit >= 0; --bit) bits += (value >> bit & 1) != 0 ? '1' : '0';
    }
    std::string text;
    for (; !bits.empty(); bits.erase(0, 6)) {
        bits.resize(std::max<std::size_t>(bits.size(), 6), '0');
        text += alphabet[std::stoul(bits.substr(0, 6), nullptr, 2)];
    }
    while (text.size() % 4 != 0) text += '=';
    return text;
}

constexpr std::int64_t leap_day = 1'709'251'147;  // 2024-02-29T23:59:07Z

}  // namespace

TEST_SUITE("ListingPage") {
    TEST_CASE("A page shows path, counts, parent, directories and files") {
        const auto page = render(
            "/docs/a b/", {{{"sub", true, 0, leap_day}, {"x.txt", false, 1234, leap_day}}, false});
        CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
        CHECK(page.ends_with("</html>\n"));
        CHECK(contains(page, "<title>Index of /docs/a b/</title>"));
        CHECK(between(page, "<h1>", "</h1>") ==
              "<a href=\"../../\" aria-label=\"top\">/</a>"
              "<a href=\"../\"><bdi>docs</bdi>/</a><bdi>a b</bdi>/");
        CHECK(contains(page, "<p>1 directory, 1 file, 1.2 kB</p>"));
        CHECK(contains(page, "<a href=\"../\">Parent directory</a>"));
        CHECK(contains(page,
                       "<tr><td class=\"d\"><a href=\"./sub/\"><bdi>sub</bdi>/</a></td><td></td>"
                       "<td><time datetime=\"2024-02-29T23:59:07Z\">2024-02-29 23:59</time></td>"
                       "</tr>"));
        CHECK(contains(page,
                       "<tr><td><a href=\"./x.txt\"><bdi>x.txt</bdi></a></td>"
                       "<td title=\"1234 bytes\">1.2 kB</td><td><time "));
        CHECK_FALSE(contains(page, "<script"));
    }

    TEST_CASE("The root has no parent, and an empty directory says so") {
        const auto root = render("/", {{{"a", false, 1, 0}}, false});
        CHECK(between(root, "<h1>", "</h1>") == "/");
        CHECK_FALSE(contains(root, "Parent directory"));
        const auto empty = render("/", {});
        CHECK(contains(empty, "<p>This directory is empty.</p>"));
        CHECK_FALSE(contains(empty, "<table>"));
        CHECK(contains(render("/a/", {}), "Parent directory"));
        CHECK(contains(render("/", {{{"a", false, 1, 0}}, true}), "more than are shown here"));
    }

    TEST_CASE("No name leaves its place in the page") {
        struct Row {
            std::string_view name;
            std::string_view link;  // with the text; empty when there is none
        };
        const std::array rows{
            Row{"<img src=x onerror=alert(1)>",
                "<a href=\"./%3Cimg%20src=x%20onerror=alert(1)%3E\"><bdi>"
                "&lt;img src=x onerror=alert(1)&gt;</bdi></a>"},
            Row{"\"><script>", "<a href=\"./%22%3E%3Cscript%3E\"><bdi>&quot;&gt;&lt;script&gt;"},
            Row{"</title></style>",
                ""},  // has a slash, which no file has; must be harmless all the same
            Row{"a&amp;b", "<a href=\"./a%26amp;b\"><bdi>a&amp;amp;b</bdi></a>"},
            Row{"it's", "<a href=\"./it%27s\">"},
            Row{"javascript:alert(1)",
                "<a href=\"./javascript%3Aalert(1)\"><bdi>javascript:alert(1)</bdi></a>"},
            Row{"100%.txt", "<a href=\"./100%25.txt\"><bdi>100%.txt</bdi></a>"},
            Row{"a?b#c", "<a href=\"./a%3Fb%23c\"><bdi>a?b#c</bdi></a>"},
            Row{"\xe2\x80\xaegpj.exe",
                "<a href=\"./%E2%80%AEgpj.exe\"><bdi>\xe2\x80\xaegpj.exe</bdi>"},
            Row{"caf\xc3\xa9", "<a href=\"./caf%C3%A9\"><bdi>caf\xc3\xa9</bdi></a>"},
            Row{"caf\xe9.txt", "<span><bdi>caf\xef\xbf\xbd.txt</bdi></span>"},
            Row{"two\nlines\x7f", "<span><bdi>two\xe2\x90\x8alines\xe2\x90\xa1</bdi></span>"},
            Row{"back\\slash", "<span><bdi>back\\slash</bdi></span>"},
            Row{"c1\xc2\x9bx", "<bdi>c1\xef\xbf\xbdx</bdi>"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.name);
            const auto page = render("/", {{{std::string(row.name), false, 1, 0}}, false});
            CHECK(contains(page, row.link));
            const auto body = page.substr(page.find("<tbody>"));
            CHECK_FALSE(contains(body, "<script"));
            CHECK_FALSE(contains(body, "<img"));
            CHECK_FALSE(contains(body, "</style"));
            const auto as_path = render("/" + std::string(row.name) + "/", {});
            CHECK_FALSE(contains(as_path, "<script"));
            CHECK_FALSE(contains(as_path, "<img"));
            CHECK(contains(as_path, "</title>\n<style>"));
        }
    }

    TEST_CASE("A name has a link exactly when its URL is accepted") {
        for (int byte = 1; byte < 256; ++byte) {
            if (byte == '/') continue;
            CAPTURE(byte);
            const std::string name = std::string("a") + static_cast<char>(byte) + "b";
            const bool accepted = decode_url_path(encode_url_path("/" + name)).has_value();
            const DirectoryListing listing{{{name, false, 1, 0}}, false};
            CHECK(contains(render("/", listing), "<a href=\"./a") == accepted);
            CHECK(contains(render("/", listing, ListingFormat::json), "name") == accepted);
        }
    }

    TEST_CASE("JSON has name, type, size and time") {
        CHECK(render("/", {}, ListingFormat::json) == "[]\n");
        const DirectoryListing listing{
            {{"s\"u\\b", true, 0, 0}, {"sub", true, 0, 0}, {"<x>.txt", false, 1234, leap_day}},
            false};
        CHECK(render("/", listing, ListingFormat::json) ==
              "[\n"
              R"({"name":"sub","type":"directory","mtime":"1970-01-01T00:00:00Z"},)"
              "\n"
              R"({"name":"\u003cx>.txt","type":"file","size":1234,"mtime":"2024-02-29T23:59:07Z"})"
              "\n]\n");
    }

    TEST_CASE("A long listing comes in pieces and in order") {
        DirectoryListing listing;
        for (int i = 0; i < 10'000; ++i) {
            listing.entries.push_back(
                {std::to_string(i) + "-" + std::string(240, '<'), false, 1, 0});
        }
        for (const auto format : {ListingFormat::html, ListingFormat::json}) {
            const auto whole = render("/", listing, format);
            ListingPage page("/", listing, format);
            std::string body;
            int pieces = 0;
            for (auto piece = page.next_piece(); !piece.empty(); piece = page.next_piece()) {
                CHECK(piece.size() <= ListingPage::piece_size + 4096);
                body += piece;
                ++pieces;
            }
            CHECK(page.next_piece().empty());
            CHECK(pieces > 50);
            CHECK(body == whole);
            std::size_t at = 0;
            for (int i = 0; i < 10'000 && at != std::string::npos; ++i) {
                at = body.find(
                    (format == ListingFormat::html ? "./" : ":\"") + std::to_string(i) + "-", at);
            }
            CHECK(at != std::string::npos);
        }
    }

    TEST_CASE("The policy allows the style sheet of the page by its hash") {
        const TempDir dir;
        const auto file = dir.write("style", between(render("/", {}), "<style>", "</style>"));
        const auto hex = output_of("sha256sum < '" + file.string() + "'").substr(0, 64);
        CAPTURE(base64_of_hex(hex));
        CHECK(contains(listing_content_security_policy,
                       "style-src 'sha256-" + base64_of_hex(hex) + "'"));
    }
}

TEST_SUITE("display_text") {
    TEST_CASE("Sizes are short and rounded") {
        struct Row {
            std::uint64_t bytes;
            std::string_view text;
        };
        constexpr std::array rows{
            Row{0, "0 B"},
            Row{1, "1 B"},
            Row{999, "999 B"},
            Row{1000, "1.0 kB"},
            Row{1049, "1.0 kB"},
            Row{1050, "1.1 kB"},
            Row{9949, "9.9 kB"},
            Row{9950, "10 kB"},
            Row{12'499, "12 kB"},
            Row{12'500, "13 kB"},
            Row{999'499, "999 kB"},
            Row{999'500, "1.0 MB"},
            Row{1'000'000, "1.0 MB"},
            Row{999'499'999, "999 MB"},
            Row{999'500'000, "1.0 GB"},
            Row{1'500'000'000'000, "1.5 TB"},
            Row{2'000'000'000'000'000, "2.0 PB"},
            Row{UINT64_MAX, "18 EB"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.bytes);
            std::string out;
            append_size(out, row.bytes);
            CHECK(out == row.text);
        }
    }

    TEST_CASE("Times have four-digit years") {
        struct Row {
            std::int64_t time;
            std::string_view rfc3339;
            std::string_view brief;
        };
        constexpr std::array rows{
            Row{0, "1970-01-01T00:00:00Z", "1970-01-01 00:00"},
            Row{-1, "1969-12-31T23:59:59Z", "1969-12-31 23:59"},
            Row{leap_day, "2024-02-29T23:59:07Z", "2024-02-29 23:59"},
            Row{253402300799, "9999-12-31T23:59:59Z", "9999-12-31 23:59"},
            Row{INT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31 23:59"},
            Row{INT64_MIN, "0001-01-01T00:00:00Z", "0001-01-01 00:00"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.time);
            std::string out;
            append_rfc3339(out, row.time);
            CHECK(out == row.rfc3339);
            out.clear();
            append_short_time(out, row.time);
            CHECK(out == row.brief);
        }
    }
}

}  // namespace basehttp
