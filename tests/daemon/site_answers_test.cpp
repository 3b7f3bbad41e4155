// What a site tells with its answers: types, Cache-Control, header fields, error pages.
#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

TEST_SUITE("daemon site") {
    TEST_CASE("Types have their charset, and own types win") {
        const TempDir site;
        struct {
            const char* name;
            const char* type;
        } const rows[] = {
            {"a.html", "text/html; charset=latin1"},
            {"a.HTM", "text/html; charset=latin1"},
            {"a.css", "text/css; charset=latin1"},
            {"a.js", "text/javascript; charset=latin1"},
            {"a.mjs", "text/javascript; charset=latin1"},
            {"a.json", "application/json"},
            {"a.svg", "image/svg+xml"},
            {"a.png", "image/png"},
            {"a.webp", "image/webp"},
            {"a.woff2", "font/woff2"},
            {"a.wasm", "application/wasm"},
            {"a.pdf", "application/pdf"},
            {"a.mp4", "video/mp4"},
            {"a.xyz", "chemical/own"},
            {"a.tar.gz", "application/gzip"},
            {"a.md", "text/x-own; charset=utf-16"},
            {"unknown.qqq", "application/octet-stream"},
            {"none", "application/octet-stream"},
        };
        for (const auto& row : rows) site.write(row.name, "x");
        const Daemon daemon({.root = site.str(),
                             .ini = "charset = latin1\n"
                                    "type = .xyz chemical/own\n"
                                    "type = .md text/x-own; charset=utf-16\n"});
        for (const auto& row : rows) {
            CAPTURE(row.name);
            const Reply reply = daemon.get_in_every_way(std::string("/") + row.name);
            CHECK(reply.status == 200);
            CHECK(reply.get("Content-Type") == row.type);
        }
        const Daemon bare({.root = site.str(), .ini = "charset =\n"});
        CHECK(bare.get("/a.html").get("Content-Type") == "text/html");
    }

    TEST_CASE("Cache-Control follows the first pattern that matches") {
        const TempDir site;
        for (const char* name : {"index.html", "assets/app.js", "assets/sub/x.css", "sw.js"})
            site.write(name, "x");
        const Daemon daemon({.root = site.str(),
                             .ini =
                                 "cache_control = /assets/* public, max-age=31536000, immutable\n"
                                 "cache_control = *.js no-store\n"
                                 "cache_control = / never\n"
                                 "cache_control = /index.html no-cache\n"});
        const std::string asset = "public, max-age=31536000, immutable";
        CHECK(daemon.get_in_every_way("/assets/app.js").get("Cache-Control") == asset);
        CHECK(daemon.get_in_every_way("/assets/sub/x.css").get("Cache-Control") == asset);
        CHECK(daemon.get_in_every_way("/sw.js").get("Cache-Control") == "no-store");
        CHECK(daemon.get_in_every_way("/").get("Cache-Control") == "no-cache");
        // Errors are not what the rule was written for.
        CHECK_FALSE(daemon.get_in_every_way("/assets/missing.js").has("Cache-Control"));
        // RFC 9110 section 15.4.5: a 304 repeats it.
        const std::string tag = daemon.get("/sw.js").get("ETag");
        const Reply cached = daemon.get_in_every_way("/sw.js", {{"If-None-Match", tag}});
        CHECK(cached.status == 304);
        CHECK(cached.get("Cache-Control") == "no-store");
    }

    TEST_CASE("Header fields of the site are on every answer") {
        const TempDir site;
        site.write("file.txt", std::string(5000, 'x'));
        site.mkdir("sub");
        const Daemon daemon({.root = site.str(),
                             .ini = "header = X-Content-Type-Options: nosniff\n"
                                    "header = X-Own: \"a\"; b\n"
                                    "[server]\nserver_header = own/1\n"});
        const struct {
            const char* target;
            Fields fields;
            int status;
        } rows[] = {
            {"/file.txt", {}, 200},
            {"/file.txt", {{"Accept-Encoding", "gzip"}}, 200},
            {"/file.txt", {{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}}, 304},
            {"/file.txt", {{"Range", "bytes=0-9"}}, 206},
            {"/file.txt", {{"Range", "bytes=0-9,20-29"}}, 206},
            {"/file.txt", {{"Range", "bytes=9000-"}}, 416},
            {"/file.txt", {{"If-Match", "\"other\""}}, 412},
            {"/sub/", {}, 200},
            {"/sub", {}, 301},
            {"/missing", {}, 404},
            {"/%zz", {}, 400},
        };
        for (const auto& row : rows) {
            CAPTURE(row.target);
            CAPTURE(row.status);
            const Reply reply = daemon.get_in_every_way(row.target, row.fields);
            CHECK(reply.status == row.status);
            CHECK(reply.get("X-Content-Type-Options") == "nosniff");
            CHECK(reply.get("X-Own") == "\"a\"; b");
            CHECK(reply.get("Server") == "own/1");
        }
        const Daemon silent({.root = site.str(), .ini = "[server]\nserver_header =\n"});
        CHECK_FALSE(silent.get_in_every_way("/file.txt").has("Server"));
        CHECK_FALSE(silent.get_in_every_way("/missing").has("Server"));
    }

    TEST_CASE("An error is answered with the site's own page, without its being cached as a page") {
        const TempDir site;
        site.write("errors/404.html", "<p>own 404");
        site.write("errors/416.txt", "own 416");
        site.write("file.txt", "0123456789");
        const Daemon daemon(
            {.root = site.str(),
             .ini = "error_page = 404 /errors/404.html\n"
                    "error_page = 416 /errors/416.txt\n"
                    "error_page = 403 /errors/missing.html\nlisting = off\n",
             .expected_log = {"error_page 403 '/errors/missing.html' cannot be opened below"}});
        const Reply missing = daemon.get_in_every_way("/missing");
        CHECK(missing.status == 404);
        CHECK(missing.body == "<p>own 404");
        CHECK(missing.get("Content-Type") == "text/html; charset=utf-8");
        CHECK_FALSE(missing.has("ETag"));
        CHECK_FALSE(missing.has("Last-Modified"));
        // The request's conditions and ranges are about what it asked for, not about the page.
        CHECK(daemon.get("/missing", {{"Range", "bytes=0-1"}}).body == "<p>own 404");
        CHECK(daemon.get("/missing", {{"If-None-Match", "*"}}).status == 404);

        const Reply range = daemon.get_in_every_way("/file.txt", {{"Range", "bytes=10-"}});
        CHECK(range.status == 416);
        CHECK(range.get("Content-Range") == "bytes */10");
        CHECK(range.body == "own 416");

        const Reply forbidden = daemon.get_in_every_way("/errors/");
        CHECK(forbidden.status == 403);
        CHECK(forbidden.body.find("403 Forbidden") != std::string::npos);
        CHECK(daemon.get("/errors/404.html").status == 200);
    }

    TEST_CASE("The built-in error page is whole and escapes what the client sent") {
        const TempDir site;
        const Daemon daemon({.root = site.str()});
        HttpClient client(daemon.endpoint());
        const Reply reply = client.request("SP<AM>", "/");
        CHECK(reply.status == 400);
        const Reply other = daemon.request("SP&AM'", "/<script>");
        CHECK(other.status == 501);
        CHECK(other.body.find("SP&amp;AM") != std::string::npos);
        CHECK(other.body.find("<script>") == std::string::npos);
        CHECK(other.get("Content-Type") == "text/html;charset=utf-8");
        CHECK(other.get("Content-Length") == std::to_string(other.body.size()));
    }
}
