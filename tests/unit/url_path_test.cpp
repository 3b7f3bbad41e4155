#include "handlers/http/url_path.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;
using namespace std::string_view_literals;

TEST_SUITE("url_path") {
    TEST_CASE("The target is split at the first question mark") {
        struct Row {
            std::string_view target, path, query;
            bool has_query;
        };
        const Row rows[] = {
            {"/a", "/a", "", false},         {"/a?", "/a", "", true}, {"/a?b=c", "/a", "b=c", true},
            {"/a?b?c", "/a", "b?c", true},   {"?x", "", "x", true},   {"", "", "", false},
            {"/a%3Fb", "/a%3Fb", "", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.target);
            const SplitTarget split = split_target(row.target);
            CHECK(split.path == row.path);
            CHECK(split.query == row.query);
            CHECK(split.has_query == row.has_query);
        }
    }

    TEST_CASE("A path is decoded once and normalized") {
        struct Row {
            std::string_view raw, path;
        };
        const Row rows[] = {
            {"/", "/"},
            {"/index.html", "/index.html"},
            {"/a/b/", "/a/b/"},
            // escapes
            {"/a%20b", "/a b"},
            {"/%41%7a%7A", "/Azz"},
            {"/caf%C3%A9", "/caf\xC3\xA9"},
            {"/caf%c3%a9", "/caf\xC3\xA9"},
            {"/caf\xC3\xA9", "/caf\xC3\xA9"},
            {"/%F0%9F%98%80", "/\xF0\x9F\x98\x80"},
            {"/100%25", "/100%"},
            {"/%252e%252e/x", "/%2e%2e/x"},
            {"/%25%32%66", "/%2f"},
            {"/%3Fa%23b", "/?a#b"},
            {"/%3C%22%27%26%3E", "/<\"'&>"},
            // plain characters
            {"/a;b=c;d", "/a;b=c;d"},
            {"/a+b", "/a+b"},
            {"/~user/", "/~user/"},
            {"/a:b@c,d!$&'()*", "/a:b@c,d!$&'()*"},
            // empty segments
            {"//", "/"},
            {"//evil.example/x", "/evil.example/x"},
            {"/a//b///c", "/a/b/c"},
            {"/a//", "/a/"},
            // dot segments (RFC 3986 section 5.2.4, with its two examples)
            {"/a/b/c/./../../g", "/a/g"},
            {"/mid/content=5/../6", "/mid/6"},
            {"/.", "/"},
            {"/..", "/"},
            {"/a/.", "/a/"},
            {"/a/./", "/a/"},
            {"/a/..", "/"},
            {"/a/b/..", "/a/"},
            {"/a/b/../", "/a/"},
            {"/a/b/../c", "/a/c"},
            {"/../../../etc/passwd", "/etc/passwd"},
            {"/a/../../b", "/b"},
            {"/a/..//../b", "/b"},
            {"/aa/bb/../../cc/dd", "/cc/dd"},
            {"/%2e%2e/%2E%2E/etc/passwd", "/etc/passwd"},
            {"/a/%2e%2E/b", "/b"},
            {"/a/.%2e/b", "/b"},
            {"/a/%2e/b", "/a/b"},
            // only dots, but no dot segments
            {"/...", "/..."},
            {"/a/.../b", "/a/.../b"},
            {"/..a/b..", "/..a/b.."},
            {"/.a", "/.a"},
            {"/a./", "/a./"},
            {"/..;/x", "/..;/x"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.raw);
            const auto url = decode_url_path(row.raw);
            REQUIRE(url);
            CHECK(url->path == row.path);
            CHECK(url->trailing_slash == row.path.ends_with('/'));
        }
    }

    TEST_CASE("A path that could mean two things is refused") {
        const std::string_view rows[] = {
            // not an absolute path
            "",
            "a",
            "*",
            "index.html",
            "http://host/",
            "../a",
            "%2F",
            "?",
            // bad escapes
            "/%",
            "/a%",
            "/%4",
            "/%4/",
            "/%zz",
            "/%4z",
            "/%z4",
            "/%%41",
            "/%u0041",
            "/%-1",
            "/%+1",
            "/% 1",
            // controls
            "/%00",
            "/a%00.html",
            "/\0"sv,
            "/%0a",
            "/%0D%0A",
            "/\n",
            "/%1F",
            "/%7f",
            "/\x7F",
            "/\t",
            "/%09",
            // slashes in disguise
            "/a%2fb",
            "/a%2Fb",
            "/%2f",
            "/..%2f..%2fetc",
            "/a%5cb",
            "/a%5Cb",
            "/a\\b",
            "/\\",
            "/..\\x",
            "/%5c%2e%2e",
            // not UTF-8
            "/%FF",
            "/\xFF",
            "/%80",
            "/%C3",
            "/%C3/",
            "/%C3x",
            "/caf%E9",
            // overlong '/', '.' and NUL
            "/%C0%AF",
            "/%c1%9c",
            "/%E0%80%AF",
            "/%F0%80%80%AF",
            "/%c0%ae%c0%ae/",
            "/%C0%80",
            "/%F8%80%80%80%AF",
            // surrogates, and above U+10FFFF
            "/%ED%A0%80",
            "/%ED%BF%BF",
            "/%ED%A0%BD%ED%B8%80",
            "/%F4%90%80%80",
            "/%F5%80%80%80",
        };
        for (const std::string_view row : rows) {
            CAPTURE(row);
            CHECK_FALSE(decode_url_path(row));
        }
    }

    TEST_CASE("An escape cut short is not completed by what lies behind the view") {
        CHECK_FALSE(decode_url_path("/%41"sv.substr(0, 3)));
        CHECK_FALSE(decode_url_path("/%41"sv.substr(0, 2)));
    }

    TEST_CASE("A refused part is not saved by dot segments after it") {
        CHECK_FALSE(decode_url_path("/%00/../a"));
        CHECK_FALSE(decode_url_path("/%zz/.."));
    }

    TEST_CASE("A long path of dot segments takes linear time and leaves nothing") {
        std::string raw;
        for (int i = 0; i < 100'000; ++i) raw += "/a";
        for (int i = 0; i < 100'001; ++i) raw += "/..";
        CHECK(decode_url_path(raw)->path == "/");
    }

    TEST_CASE("Encoding keeps what is plain and escapes all others") {
        struct Row {
            std::string_view decoded, encoded;
        };
        const Row rows[] = {
            {"", ""},
            {"/", "/"},
            {"/a/b-c_d.e~f/", "/a/b-c_d.e~f/"},
            {"/AZaz09!$()*+,;=@", "/AZaz09!$()*+,;=@"},
            {"/a b", "/a%20b"},
            {"/100%", "/100%25"},
            {"/%2e", "/%252e"},
            {"/?a#b", "/%3Fa%23b"},
            {"/\"'<>&", "/%22%27%3C%3E%26"},
            {"/caf\xC3\xA9", "/caf%C3%A9"},
            {"/a\\b", "/a%5Cb"},
            {"/\r\nSet-Cookie: x", "/%0D%0ASet-Cookie%3A%20x"},
            {"/\0x"sv, "/%00x"},
            {"/\xFF", "/%FF"},
            {"/[]{}|^`", "/%5B%5D%7B%7D%7C%5E%60"},
            {"javascript:alert(1)", "javascript%3Aalert(1)"},
            {"//evil.example/", "/evil.example/"},
            {"////evil.example//x", "/evil.example//x"},
            {"/\\evil.example", "/%5Cevil.example"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.decoded);
            CHECK(encode_url_path(row.decoded) == row.encoded);
        }
    }

    TEST_CASE("An encoded path decodes to itself") {
        std::string path = "/";
        for (int c = 0x20; c < 0x7F; ++c) {
            if (c != '/' && c != '\\') path.push_back(static_cast<char>(c));
        }
        path += "/\xC3\xA9\xE2\x82\xAC/";
        CHECK(decode_url_path(encode_url_path(path))->path == path);
    }

    TEST_CASE("A segment that begins with a dot hides the path, except .well-known at the top") {
        struct Row {
            std::string_view path;
            bool hidden;
        };
        const Row rows[] = {
            {"/", false},
            {"", false},
            {"/a/b.c", false},
            {"/a./b", false},
            {"/.git", true},
            {"/.git/config", true},
            {"/a/.htaccess", true},
            {"/a/.b/c", true},
            {"/...", true},
            {".git", true},
            {"/.well-known", false},
            {"/.well-known/", false},
            {"/.well-known/acme-challenge/token", false},
            {".well-known/x", false},
            {"/.well-known/.secret", true},
            {"/.well-known/a/.secret/b", true},
            {"/a/.well-known/x", true},
            {"/.well-known/.well-known/x", true},
            {"/.well-known2/x", true},
            {"/.well-know", true},
            {"/.Well-Known/x", true},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(is_hidden_path(row.path) == row.hidden);
        }
    }

    TEST_CASE("The extension is what follows the last dot of the name, with the dot") {
        struct Row {
            std::string_view path, extension;
        };
        const Row rows[] = {
            {"/a.html", ".html"},
            {"/a.HTML", ".HTML"},
            {"/a.tar.gz", ".gz"},
            {"a.js", ".js"},
            {"/a", ""},
            {"/", ""},
            {"", ""},
            {"/.bashrc", ""},
            {"/..bashrc", ""},
            {"/.bashrc.bak", ".bak"},
            {"/a.", ""},
            {"/a.b.", ""},
            {"/...", ""},
            {"/a.b/c", ""},
            {"/a.b/", ""},
            {"/a.b/c.d", ".d"},
            {"/a. b", ". b"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(path_extension(row.path) == row.extension);
        }
    }
}
