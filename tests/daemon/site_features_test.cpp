// What a site does with paths and names: index files, redirects, clean URLs, pages of an
// application, dotfiles.
#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

/// Asks for each target and compares status, Location and content.
struct Row {
    std::string_view target;
    int status;
    std::string_view location;
    std::string_view body;
};

template <std::size_t size>
void check_rows(const Daemon& daemon, const Row (&rows)[size]) {
    for (const Row& row : rows) {
        CAPTURE(row.target);
        const Reply reply = daemon.get_in_every_way(row.target);
        CHECK(reply.status == row.status);
        CHECK(reply.get("Location") == row.location);
        if (row.status == 200) CHECK(reply.body == row.body);
    }
}

}  // namespace

TEST_SUITE("daemon site") {
    TEST_CASE("Files and index files are served") {
        const TempDir site;
        site.write("index.html", "front");
        site.write("plain", "no extension");
        site.write("empty.txt", "");
        site.write("docs/index.htm", "second name");
        site.write("both/index.html", "first");
        site.write("both/index.htm", "second");
        site.write("a b/\xC3\xA4%.txt", "odd name");
        site.mkdir("odd/index.html");  // a directory cannot stand for its parent
        site.write("odd/index.htm", "behind a directory");
        const Daemon daemon({.root = site.str()});
        const Row rows[] = {
            {"/", 200, "", "front"},
            {"/index.html", 200, "", "front"},
            {"/?query", 200, "", "front"},
            {"/plain", 200, "", "no extension"},
            {"/empty.txt", 200, "", ""},
            {"/docs/", 200, "", "second name"},
            {"/both/", 200, "", "first"},
            {"/odd/", 200, "", "behind a directory"},
            {"/a%20b/%C3%A4%25.txt", 200, "", "odd name"},
            {"/./docs/../plain", 200, "", "no extension"},
            {"//plain", 200, "", "no extension"},
            {"/plain/", 404, "", ""},
            {"/plain/more", 404, "", ""},
            {"/Plain", 404, "", ""},
            {"/missing", 404, "", ""},
        };
        check_rows(daemon, rows);
    }

    TEST_CASE("Other names can be index files") {
        const TempDir site;
        site.write("home.txt", "home");
        site.write("index.html", "not asked for");
        const Daemon daemon({.root = site.str(), .ini = "index = start.html home.txt\n"});
        CHECK(daemon.get("/").body == "home");
        CHECK(daemon.get("/").get("Content-Type") == "text/plain; charset=utf-8");
    }

    TEST_CASE("A redirect to the slash keeps the query and never names another host") {
        const TempDir site;
        for (const char* name : {"sub/deep", "evil.com", "a b", "q%3F", "java:script", "evil/x"})
            site.mkdir(name);
        const Daemon daemon({.root = site.str()});
        const Row rows[] = {
            {"/sub", 301, "/sub/", ""},
            {"/sub?a=1&b=//x", 301, "/sub/?a=1&b=//x", ""},
            {"/sub?", 301, "/sub/?", ""},
            {"/sub/deep?x", 301, "/sub/deep/?x", ""},
            {"/a%20b", 301, "/a%20b/", ""},
            {"/q%253F", 301, "/q%253F/", ""},
            {"/sub/../sub", 301, "/sub/", ""},
            {"//evil.com", 301, "/evil.com/", ""},
            {"///evil.com", 301, "/evil.com/", ""},
            {"///sub", 301, "/sub/", ""},
            {"/./evil.com", 301, "/evil.com/", ""},
            {"/.//evil.com", 301, "/evil.com/", ""},
            {"/sub/..//evil.com", 301, "/evil.com/", ""},
            {"/%2f/evil", 400, "", ""},
            {"/%2fevil.com", 400, "", ""},
            {"/%5cevil.com", 400, "", ""},
            {"/sub%0d%0aX:y", 400, "", ""},
        };
        check_rows(daemon, rows);
        CHECK(daemon.get("/\\evil.com").status == 400);
        CHECK(daemon.get("http://localhost//evil.com").get("Location") == "/evil.com/");
    }

    TEST_CASE("Clean URLs serve pages without their extension") {
        const TempDir site;
        site.write("index.html", "front");
        site.write("about.html", "about");
        site.write("both.html", "page");
        site.write("both/index.html", "directory");
        site.write("docs/guide.html", "guide");
        site.write("docs/index.html", "docs");
        site.write("data.json", "{}");
        const Daemon daemon({.root = site.str(), .ini = "clean_urls = on\n"});
        const Row rows[] = {
            {"/about", 200, "", "about"},
            {"/about.html", 301, "/about", ""},
            {"/about.html?x=1", 301, "/about?x=1", ""},
            {"/docs/guide", 200, "", "guide"},
            {"/docs/guide.html", 301, "/docs/guide", ""},
            {"/index.html", 301, "/", ""},
            {"/docs/index.html", 301, "/docs/", ""},
            {"/both", 301, "/both/", ""},
            {"/both/", 200, "", "directory"},
            {"/data", 404, "", ""},
            {"/data.json", 200, "", "{}"},
            {"/about/", 404, "", ""},
        };
        check_rows(daemon, rows);
        CHECK(daemon.get("/about").get("Content-Type") == "text/html; charset=utf-8");
        const Daemon off({.root = site.str()});
        CHECK(off.get("/about").status == 404);
        CHECK(off.get("/about.html").status == 200);
    }

    TEST_CASE("The page of an application answers unknown paths but never a missing asset") {
        const TempDir site;
        site.write("index.html", "app");
        site.write("real.txt", "real");
        const Daemon daemon({.root = site.str(), .ini = "spa = /index.html\n"});
        const Row rows[] = {
            {"/users/42", 200, "", "app"}, {"/users/42?tab=1", 200, "", "app"},
            {"/users/", 200, "", "app"},   {"/real.txt", 200, "", "real"},
            {"/app.js", 404, "", ""},      {"/assets/app.123abc.css", 404, "", ""},
            {"/image.PNG", 404, "", ""},   {"/v1.2/about", 200, "", "app"},
            {"/.git/config", 404, "", ""},
        };
        check_rows(daemon, rows);
        CHECK(daemon.get("/users/42").get("Content-Type") == "text/html; charset=utf-8");
    }

    TEST_CASE("Dotfiles are hidden except .well-known") {
        const TempDir site;
        for (const char* name : {".env", ".git/config", "sub/.htpasswd", ".well-known/acme/token",
                                 ".well-known/.secret", "sub/.well-known/x", "..data/x"})
            site.write(name, "secret");
        const Daemon daemon({.root = site.str()});
        for (const char* target :
             {"/.env", "/.git/config", "/.git/", "/.git", "/sub/.htpasswd", "/%2eenv",
              "/.well-known/.secret", "/sub/.well-known/x", "/..data/x", "/x/../.env"}) {
            CAPTURE(target);
            const Reply reply = daemon.get_in_every_way(target);
            CHECK(reply.status == 404);
            CHECK(reply.body.find("secret") == std::string::npos);
        }
        CHECK(daemon.get("/.well-known/acme/token").body == "secret");
        CHECK(daemon.get("/").body.find(".env") == std::string::npos);

        const Daemon open({.root = site.str(), .ini = "dotfiles = on\n"});
        CHECK(open.get("/.env").body == "secret");
        CHECK(open.get("/sub/.well-known/x").body == "secret");
        CHECK(open.get("/").body.find(".env") != std::string::npos);
    }
}
