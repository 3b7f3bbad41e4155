#include "handlers/files/static_site.hpp"

#include <doctest/doctest.h>

#include <system_error>

#include "tests/support/temp_dir.hpp"

using namespace basehttp;

TEST_SUITE("static_site") {
    TEST_CASE("A path's content type has the site's charset where text is meant") {
        const TempDir directory;
        StaticSite site(DocumentRoot::open(directory.str()));
        CHECK(site.content_type("/a.html") == "text/html; charset=utf-8");
        CHECK(site.content_type("/a.png") == "image/png");
        CHECK(site.content_type("/a.json") == "application/json");
        site.charset = "";
        CHECK(site.content_type("/a.html") == "text/html");
        site.charset = "x";
        site.types.set(".html", "text/html; charset=own");
        CHECK(site.content_type("/a.html") == "text/html; charset=own");
    }

    TEST_CASE("The first Cache-Control rule that matches a path counts") {
        const TempDir directory;
        StaticSite site(DocumentRoot::open(directory.str()));
        CHECK(site.cache_control_for("/x") == "");
        site.cache_control = {{"/assets/*", "a"}, {"*.js", "b"}, {"/[0-9]?.txt", "c"}, {"/", "d"}};
        const struct {
            const char* path;
            const char* value;
        } rows[] = {
            {"/assets/x.js", "a"},
            {"/assets/deep/x.css", "a"},
            {"/x.js", "b"},
            {"/deep/x.js", "b"},
            {"/1a.txt", "c"},
            {"/a1.txt", ""},
            {"/", "d"},
            {"/assets", ""},
            {"/x", ""},
        };
        for (const auto& row : rows) {
            CAPTURE(row.path);
            CHECK(site.cache_control_for(row.path) == row.value);
        }
    }

    TEST_CASE("A host finds its site in any case, with or without port and final dot") {
        const TempDir directory;
        const auto fallback = make_site(directory.str());
        const auto one = make_site(directory.str());
        const auto six = make_site(directory.str());
        SiteMap sites(fallback);
        CHECK(sites.find("one.example") == fallback);
        sites.add("One.example", one);
        sites.add("[::1]", six);
        const struct {
            const char* host;
            const std::shared_ptr<const StaticSite>& site;
        } rows[] = {
            {"one.example", one},
            {"ONE.EXAMPLE", one},
            {"one.example:80", one},
            {"one.example.", one},
            {"one.example.:", one},
            {"one.example:", one},
            {"[::1]", six},
            {"[::1]:8080", six},
            {"[::2]", fallback},
            {"x.one.example", fallback},
            {"example", fallback},
            {"one.example.x", fallback},
            {"", fallback},
            {".", fallback},
            {":80", fallback},
            {"[", fallback},
            {"one.example..", fallback},
        };
        for (const auto& row : rows) {
            CAPTURE(row.host);
            CHECK(sites.find(row.host) == row.site);
        }
    }

    TEST_CASE("A site of a directory that is not there cannot be made") {
        CHECK_THROWS_AS(make_site("/no/such/directory"), std::system_error);
    }
}
