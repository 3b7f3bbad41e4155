#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/nearest_name.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string_view>;

TEST_SUITE_BEGIN("setting_values");

TEST_CASE("A size is digits with perhaps k, m or g, and must fit into 64 bits") {
    struct Row {
        std::string_view text;
        std::optional<std::uint64_t> size;
    };
    const Row rows[] = {
        {"0", 0},
        {"1000", 1000},
        {"8k", 8192},
        {"8K", 8192},
        {"64m", 64u << 20},
        {"3g", std::uint64_t{3} << 30},
        {"18446744073709551615", 18446744073709551615u},
        {"18446744073709551616", std::nullopt},
        {"17179869184g", std::nullopt},
        {"17179869183g", std::uint64_t{17179869183} << 30},
        {"", std::nullopt},
        {"k", std::nullopt},
        {"-1", std::nullopt},
        {"+1", std::nullopt},
        {"1.5m", std::nullopt},
        {"10mb", std::nullopt},
        {"10 m", std::nullopt},
        {"0x10", std::nullopt},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_size(row.text) == row.size);
    }
}

TEST_CASE("A duration is digits with perhaps ms, s, m or h, and seconds without") {
    struct Row {
        std::string_view text;
        std::optional<milliseconds> duration;
    };
    const Row rows[] = {
        {"0", milliseconds(0)},
        {"5", milliseconds(5000)},
        {"250ms", milliseconds(250)},
        {"30s", milliseconds(30'000)},
        {"2M", milliseconds(120'000)},
        {"1h", milliseconds(3'600'000)},
        {"9223372036854775807ms", milliseconds(9223372036854775807)},
        {"9223372036854775808ms", std::nullopt},
        {"9223372036854775807s", std::nullopt},
        {"1d", std::nullopt},
        {"ms", std::nullopt},
        {"", std::nullopt},
        {"-1s", std::nullopt},
        {"1 s", std::nullopt},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_duration(row.text) == row.duration);
    }
}

TEST_CASE("A switch is one of four words each way, in any letter case") {
    for (const char* text : {"on", "true", "yes", "1", "On", "YES"}) {
        CAPTURE(text);
        CHECK(parse_switch(text) == true);
    }
    for (const char* text : {"off", "false", "no", "0", "OFF", "False"}) {
        CAPTURE(text);
        CHECK(parse_switch(text) == false);
    }
    for (const char* text : {"", "2", "maybe", "on ", "o"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_switch(text));
    }
}

TEST_CASE("A size and a duration are printed with the largest unit that loses nothing") {
    CHECK(size_text(0) == "0");
    CHECK(size_text(1000) == "1000");
    CHECK(size_text(1024) == "1k");
    CHECK(size_text(1536) == "1536");
    CHECK(size_text(64u << 20) == "64m");
    CHECK(size_text(std::uint64_t{5} << 30) == "5g");
    CHECK(duration_text(milliseconds(0)) == "0");
    CHECK(duration_text(milliseconds(1500)) == "1500ms");
    CHECK(duration_text(milliseconds(90'000)) == "90s");
    CHECK(duration_text(milliseconds(120'000)) == "2m");
    CHECK(duration_text(milliseconds(7'200'000)) == "2h");
}

TEST_CASE("Words are split at blanks and commas, and none is empty") {
    CHECK(split_words("").empty());
    CHECK(split_words(" ,\t, ").empty());
    CHECK(split_words(",a, b\tc ,") == Words{"a", "b", "c"});
    CHECK(split_first_word("  a  b c ") ==
          std::pair<std::string_view, std::string_view>("a", "b c"));
    CHECK(split_first_word("a") == std::pair<std::string_view, std::string_view>("a", ""));
}

TEST_SUITE_END();
TEST_SUITE_BEGIN("setting_rules");

TEST_CASE("A bind entry is an address with perhaps a port, or a unix socket") {
    for (const char* text :
         {"0.0.0.0", "127.0.0.1:80", "127.0.0.1:0", "::", "::1", "fe80::1%eth0", "[::1]",
          "[::1]:8080", "localhost", "localhost:80", "www.example.org", "www.example.org:80",
          "vm-1", "*", "*:80", "unix:/run/x.sock", "unix:x"}) {
        CAPTURE(text);
        CHECK(is_bind_entry(text));
    }
    for (const char* text : {"",
                             "8080",
                             ":8080",
                             "1.2.3",
                             "1.2.3.4.5",
                             "300.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:http",
                             "::1:x",
                             "[::1",
                             "[::1]8080",
                             "[::1]:",
                             "[127.0.0.1]",
                             "[]",
                             "unix:",
                             "a b",
                             "-a",
                             "a..b",
                             "a.",
                             "a-",
                             "a.-b",
                             "fe80::1%",
                             "http://x"}) {
        CAPTURE(text);
        CHECK_FALSE(is_bind_entry(text));
    }
    CHECK(is_bind_entry("unix:" + std::string(107, 'x')));
    CHECK_FALSE(is_bind_entry("unix:" + std::string(108, 'x')));
    CHECK_FALSE(is_bind_entry(std::string_view("::1\0x", 5)));
}

TEST_CASE("A site name is a host name in lower case without port") {
    for (const char* text :
         {"localhost", "example.org", "a-b.c_d.e1", "192.0.2.1", "[2001:db8::1]"}) {
        CAPTURE(text);
        CHECK(is_site_name(text));
    }
    for (const char* text : {"", "Example.org", "example.org:80", "example.org.", "*.example.org",
                             "192.0.2", "2001:db8::1", "[2001:db8::1]:80", "[x]", "a/b", "ä.org"}) {
        CAPTURE(text);
        CHECK_FALSE(is_site_name(text));
    }
    CHECK(is_site_name(std::string(63, 'a') + ".org"));
    CHECK_FALSE(is_site_name(std::string(64, 'a') + ".org"));
}

TEST_CASE("A site path begins with a slash and cannot climb") {
    for (const char* text : {"/", "/404.html", "/a/b c.html", "/a/..b", "/ä"}) {
        CAPTURE(text);
        CHECK(is_site_path(text));
    }
    for (const char* text : {"", "404.html", "/..", "/../a", "/a/..", "/a?b", "/a#b", "/a\nb"}) {
        CAPTURE(text);
        CHECK_FALSE(is_site_path(text));
    }
}

TEST_CASE("A directory of scripts is a decoded path without needless parts") {
    for (const char* text : {"/", "/cgi-bin", "/a/b", "/a/..b", "/a/.b", "/ä"}) {
        CAPTURE(text);
        CHECK(is_cgi_directory(text));
    }
    for (const char* text : {"", "cgi-bin", "/cgi-bin/", "//", "/a//b", "//a", "/.", "/a/./b",
                             "/..", "/a/../b", "/a%20b", "/a?b", "/a#b", "/a\nb"}) {
        CAPTURE(text);
        CHECK_FALSE(is_cgi_directory(text));
    }
}

TEST_CASE("A variable name is letters, digits and '_' with no digit first") {
    for (const char* text : {"A", "_", "a1", "LC_ALL", "path", "_1"}) {
        CAPTURE(text);
        CHECK(is_variable_name(text));
    }
    for (const char* text : {"", "1A", "A-B", "A B", "A=", "A.B", "Ä", "A\n"}) {
        CAPTURE(text);
        CHECK_FALSE(is_variable_name(text));
    }
}

TEST_CASE("An absolute path begins with a slash and has no control character") {
    CHECK(is_absolute_path("/"));
    CHECK(is_absolute_path("/a b/../c"));
    for (const char* text : {"", "a", "./a", "~/a", "/a\tb", "/a\nb"}) {
        CAPTURE(text);
        CHECK_FALSE(is_absolute_path(text));
    }
}

TEST_CASE("A field value has no control character but tab and no blank at an end") {
    CHECK(is_field_value("a"));
    CHECK(is_field_value("a\tb c"));
    CHECK(is_field_value("caf\xc3\xa9"));
    for (const char* text : {"", " a", "a ", "\ta", "a\nb", "a\rb", "a\x7f"}) {
        CAPTURE(text);
        CHECK_FALSE(is_field_value(text));
    }
}

TEST_CASE("A media type is two tokens with a slash, and perhaps parameters") {
    CHECK(is_media_type("text/html"));
    CHECK(is_media_type("image/svg+xml"));
    CHECK(is_media_type("text/html; charset=utf-8"));
    for (const char* text : {"", "text", "text/", "/html", "text/a b", "a/b/c", "; charset=x"}) {
        CAPTURE(text);
        CHECK_FALSE(is_media_type(text));
    }
}

TEST_SUITE_END();
TEST_SUITE_BEGIN("nearest_name");

TEST_CASE("The edit distance counts insertions, losses, changes and swaps, letter case aside") {
    struct Row {
        std::string_view a, b;
        std::size_t distance;
    };
    const Row rows[] = {
        {"", "", 0},         {"", "abc", 3},      {"port", "port", 0},
        {"Port", "pORT", 0}, {"prot", "port", 1}, {"rooot", "root", 1},
        {"rot", "root", 1},  {"roat", "root", 1}, {"kitten", "sitting", 3},
        {"ab", "ba", 1},     {"abcd", "badc", 2},
    };
    for (const Row& row : rows) {
        CAPTURE(row.a);
        CHECK(edit_distance(row.a, row.b) == row.distance);
        CHECK(edit_distance(row.b, row.a) == row.distance);
    }
}

TEST_CASE("A suggestion is near or begins with the name; otherwise there is none") {
    const std::vector<KnownName> known = {
        {"port", "port"}, {"root", "root"}, {"directory", "directory"}, {"access_log", "access"}};
    CHECK(nearest_name("prot", known) == "port");
    CHECK(nearest_name("dir", known) == "directory");
    CHECK(nearest_name("acces_log", known) == "access");
    CHECK_FALSE(nearest_name("di", known));
    CHECK_FALSE(nearest_name("wibble", known));
    CHECK_FALSE(nearest_name("", known));
    CHECK_FALSE(nearest_name(std::string(100'000, 'p'), known));
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
