#include "handlers/http/mime_types.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <set>
#include <string>

#include "handlers/http/mime_table.hpp"

using namespace basehttp;

TEST_SUITE("mime_types") {
    TEST_CASE("The files of today's web have their types without any set-up") {
        struct Row {
            std::string_view path, type;
        };
        const Row rows[] = {
            {"/index.html", "text/html"},
            {"/index.htm", "text/html"},
            {"/a.css", "text/css"},
            {"/a.js", "text/javascript"},
            {"/a.mjs", "text/javascript"},
            {"/a.json", "application/json"},
            {"/a.js.map", "application/json"},
            {"/a.wasm", "application/wasm"},
            {"/a.svg", "image/svg+xml"},
            {"/a.png", "image/png"},
            {"/a.jpg", "image/jpeg"},
            {"/a.jpeg", "image/jpeg"},
            {"/a.gif", "image/gif"},
            {"/a.webp", "image/webp"},
            {"/a.avif", "image/avif"},
            {"/favicon.ico", "image/x-icon"},
            {"/a.woff", "font/woff"},
            {"/a.woff2", "font/woff2"},
            {"/a.webmanifest", "application/manifest+json"},
            {"/a.xml", "application/xml"},
            {"/a.txt", "text/plain"},
            {"/a.md", "text/markdown"},
            {"/a.csv", "text/csv"},
            {"/a.pdf", "application/pdf"},
            {"/a.zip", "application/zip"},
            {"/a.tar.gz", "application/gzip"},
            {"/a.tar", "application/x-tar"},
            {"/a.mp4", "video/mp4"},
            {"/a.webm", "video/webm"},
            {"/a.mp3", "audio/mpeg"},
            {"/a.ogg", "audio/ogg"},
            {"/a.ics", "text/calendar"},
            {"/feed.rss", "application/rss+xml"},
            {"/feed.atom", "application/atom+xml"},
            // the first and the last of the table
            {"/a.7z", "application/x-7z-compressed"},
            {"/a.zst", "application/zstd"},
            // any case
            {"/A.HTML", "text/html"},
            {"/A.Jpg", "image/jpeg"},
            // unknown or none
            {"/a.unknown", "application/octet-stream"},
            {"/a", "application/octet-stream"},
            {"/a.html/b", "application/octet-stream"},
            {"/.html", "application/octet-stream"},
            {"/", "application/octet-stream"},
            {"", "application/octet-stream"},
            {"/a.html2", "application/octet-stream"},
            {"/a.htmx", "application/octet-stream"},
            {"/a.\xFF", "application/octet-stream"},
            {"/a.[", "application/octet-stream"},
        };
        const MimeTypes types;
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(types.guess(row.path) == row.type);
        }
    }

    TEST_CASE("The built-in table is well-formed, without doubles, and found whole") {
        const MimeTypes types;
        std::set<std::string_view> seen;
        for (const BuiltInType& entry : built_in_types) {
            CAPTURE(entry.extension);
            CHECK(entry.extension.size() > 1);
            CHECK(entry.extension.front() == '.');
            CHECK(entry.extension.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ/ ") ==
                  std::string::npos);
            CHECK(entry.type.find('/') != std::string::npos);
            CHECK(seen.insert(entry.extension).second);
            CHECK(types.guess("x" + std::string(entry.extension)) == entry.type);
        }
        CHECK(seen.size() >= 120);
    }

    TEST_CASE("A system file adds types but does not change those of the web") {
        MimeTypes types;
        types.load(
            "# a comment\n"
            "\n"
            "application/x-new\tnew NEWER\r\n"
            "text/x-wrong html js\n"
            "  application/x-blank   blank  # new2\n"
            "application/x-alone\n"
            "nonsense bad1\n"
            "/x bad2\n"
            "x/ bad3\n"
            "a/b\x01 bad4\n"
            "application/x-first twice\n"
            "application/x-last twice\n"
            "application/x-end end");
        CHECK(types.guess("/a.new") == "application/x-new");
        CHECK(types.guess("/a.NEW") == "application/x-new");
        CHECK(types.guess("/a.newer") == "application/x-new");
        CHECK(types.guess("/a.html") == "text/html");
        CHECK(types.guess("/a.js") == "text/javascript");
        CHECK(types.guess("/a.blank") == "application/x-blank");
        CHECK(types.guess("/a.twice") == "application/x-last");
        CHECK(types.guess("/a.end") == "application/x-end");
        for (const char* path : {"/a.new2", "/a.bad1", "/a.bad2", "/a.bad3", "/a.bad4", "/a.#"}) {
            CAPTURE(path);
            CHECK(types.guess(path) == "application/octet-stream");
        }
    }

    TEST_CASE("A type that was set wins over all, in any case of the extension") {
        MimeTypes types;
        types.load("application/x-system sys");
        types.set(".HTML", "application/xhtml+xml");
        types.set(".sys", "text/x-mine; charset=utf-16");
        types.set(".sys", "text/x-mine");
        types.set(".added", "text/x-added");
        types.load("application/x-later sys added");
        CHECK(types.guess("/a.html") == "application/xhtml+xml");
        CHECK(types.guess("/a.sys") == "text/x-mine");
        CHECK(types.guess("/a.Added") == "text/x-added");
        CHECK(types.guess("/a.htm") == "text/html");
    }

    TEST_CASE("The empty extension sets the type of unknown files") {
        MimeTypes types;
        types.set("", "text/plain");
        CHECK(types.guess("/README") == "text/plain");
        CHECK(types.guess("/a.unknown") == "text/plain");
        CHECK(types.guess("/a.png") == "image/png");
    }

    TEST_CASE("Text has a charset and is compressible, as far as each makes sense") {
        struct Row {
            std::string_view type;
            bool charset, compressible;
        };
        const Row rows[] = {
            {"text/html", true, true},
            {"text/plain", true, true},
            {"text/css", true, true},
            {"text/javascript", true, true},
            {"text/markdown", true, true},
            {"TEXT/HTML", true, true},
            {"application/javascript", true, true},
            {"Application/JavaScript", true, true},
            {"text/html; charset=iso-8859-1", false, true},
            {"text/html;Charset=x", false, true},
            {"text/plain; format=flowed", true, true},
            {"text/plain; format=flowed; charset=x", false, true},
            {"text/plain ; x=\"no\"", true, true},
            {"text/event-stream", true, false},
            {"text/xml", false, true},
            {"application/xml", false, true},
            {"application/xhtml+xml", false, true},
            {"application/rss+xml", false, true},
            {"image/svg+xml", false, true},
            {"IMAGE/SVG+XML", false, true},
            {"application/json", false, true},
            {"application/json; x=y", false, true},
            {"application/manifest+json", false, true},
            {"application/ld+json", false, true},
            {"application/wasm", false, true},
            {"font/ttf", false, true},
            {"image/x-icon", false, true},
            {"application/yaml", false, true},
            {"font/woff2", false, false},
            {"image/png", false, false},
            {"image/jpeg", false, false},
            {"video/mp4", false, false},
            {"audio/mpeg", false, false},
            {"application/gzip", false, false},
            {"application/zip", false, false},
            {"application/pdf", false, false},
            {"application/octet-stream", false, false},
            {"textual/x", false, false},
            {"text", false, false},
            {"", false, false},
            {"application/jsonx", false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.type);
            CHECK(wants_charset(row.type) == row.charset);
            CHECK(is_compressible(row.type) == row.compressible);
        }
    }
}
