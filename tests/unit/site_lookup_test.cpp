#include "handlers/files/site_lookup.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/support/document_roots.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;
using Kind = Resource::Kind;

namespace {

struct Row {
    const char* path;
    Kind kind;
    int status;
    const char* found;
};

template <std::size_t size>
void check_rows(const StaticSite& site, const Row (&rows)[size]) {
    for (const Row& row : rows) {
        CAPTURE(row.path);
        const Resource resource = SiteLookup(site).find(row.path);
        CHECK(static_cast<int>(resource.kind) == static_cast<int>(row.kind));
        if (row.kind == Kind::error || row.kind == Kind::file) CHECK(resource.status == row.status);
        CHECK(resource.path == row.found);
        CHECK(bool(resource.opened.fd) == (row.kind == Kind::file || row.kind == Kind::listing));
    }
}

}  // namespace

TEST_SUITE("site_lookup") {
    TEST_CASE("A path stands for a file, a redirect, a listing or an error") {
        const TempDir root;
        for (const char* name : {"file.txt", "docs/index.html", "both/index.html", "both/index.htm",
                                 "old/index.htm", "empty/x", ".hidden", ".well-known/x"})
            root.write(name, "x");
        root.mkdir("odd/index.html");
        REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
        const StaticSite site(DocumentRoot::open(root.str()));
        const Row rows[] = {
            {"/file.txt", Kind::file, 200, "/file.txt"},
            {"/docs/", Kind::file, 200, "/docs/index.html"},
            {"/both/", Kind::file, 200, "/both/index.html"},
            {"/old/", Kind::file, 200, "/old/index.htm"},
            {"/docs", Kind::redirect, 0, "/docs/"},
            {"/empty/", Kind::listing, 0, "/empty/"},
            {"/odd/", Kind::listing, 0, "/odd/"},
            {"/", Kind::listing, 0, "/"},
            {"/none", Kind::error, 404, ""},
            {"/none/", Kind::error, 404, ""},
            {"/file.txt/", Kind::error, 404, ""},
            {"/fifo", Kind::error, 404, ""},
            {"/.hidden", Kind::error, 404, ""},
            {"/.well-known/x", Kind::file, 200, "/.well-known/x"},
        };
        check_rows(site, rows);
    }

    TEST_CASE("A listing that is off is forbidden, but what is not there is not found") {
        const TempDir root;
        root.mkdir("sub");
        StaticSite site(DocumentRoot::open(root.str()));
        site.listing = false;
        const Row rows[] = {
            {"/", Kind::error, 403, ""},
            {"/sub/", Kind::error, 403, ""},
            {"/sub", Kind::redirect, 0, "/sub/"},
            {"/none/", Kind::error, 404, ""},
        };
        check_rows(site, rows);
    }

    TEST_CASE("Clean URLs leave the extension and the index away") {
        const TempDir root;
        for (const char* name : {"about.html", "index.html", "docs/index.html", "docs/page.html",
                                 "a.html.html", "style.css", "x.htm"})
            root.write(name, "x");
        StaticSite site(DocumentRoot::open(root.str()));
        site.clean_urls = true;
        const Row rows[] = {
            {"/about", Kind::file, 200, "/about.html"},
            {"/about.html", Kind::redirect, 0, "/about"},
            {"/index.html", Kind::redirect, 0, "/"},
            {"/docs/index.html", Kind::redirect, 0, "/docs/"},
            {"/docs/page", Kind::file, 200, "/docs/page.html"},
            {"/a.html", Kind::file, 200, "/a.html.html"},
            {"/style.css", Kind::file, 200, "/style.css"},
            {"/x", Kind::error, 404, ""},
            {"/about/", Kind::error, 404, ""},
        };
        check_rows(site, rows);
    }

    TEST_CASE("The page of an application stands for unknown paths without extension") {
        const TempDir root;
        root.write("index.html", "x");
        root.write("app.html", "x");
        StaticSite site(DocumentRoot::open(root.str()));
        site.spa = "/app.html";
        const Row rows[] = {
            {"/any/path", Kind::file, 200, "/app.html"},
            {"/any/", Kind::file, 200, "/app.html"},
            {"/missing.js", Kind::error, 404, ""},
            {"/v1.0/x", Kind::file, 200, "/app.html"},
            {"/.env", Kind::error, 404, ""},
            {"/", Kind::file, 200, "/index.html"},
        };
        check_rows(site, rows);
        site.spa = "/gone.html";
        CHECK(SiteLookup(site).find("/any").status == 404);
    }

    TEST_CASE("Look-ups stay valid until one of them would find something else") {
        const struct {
            const char* what;
            const char* path;
            void (*change)(const TempDir&);
            bool unchanged;
        } rows[] = {
            {"nothing", "/docs/", [](const TempDir&) {}, true},
            {"another file", "/docs/", [](const TempDir& d) { d.write("docs/x", "x"); }, true},
            {"content", "/docs/", [](const TempDir& d) { d.write("docs/index.htm", "y"); }, false},
            {"size", "/docs/", [](const TempDir& d) { d.write("docs/index.htm", "longer"); },
             false},
            {"removed", "/docs/", [](const TempDir& d) { remove(d / "docs/index.htm"); }, false},
            {"better index", "/docs/", [](const TempDir& d) { d.write("docs/index.html", ""); },
             false},
            {"index directory", "/docs/", [](const TempDir& d) { d.mkdir("docs/index.html"); },
             false},
            {"rights", "/docs/",
             [](const TempDir& d) { ::chmod((d / "docs/index.htm").c_str(), 0); }, false},
            {"replaced", "/docs/",
             [](const TempDir& d) { rename(d.write("new", "x"), d / "docs/index.htm"); }, false},
            {"file for page", "/about", [](const TempDir& d) { d.write("about", ""); }, false},
            {"directory for page", "/about", [](const TempDir& d) { d.mkdir("about"); }, false},
        };
        for (const auto& row : rows) {
            CAPTURE(row.what);
            const TempDir root;
            root.write("docs/index.htm", "x");
            root.write("about.html", "x");
            StaticSite site(DocumentRoot::open(root.str()));
            site.clean_urls = true;
            SiteLookup lookup(site);
            REQUIRE(lookup.find(row.path).kind == Kind::file);
            if (site.root.resolver() != DocumentRoot::Resolver::openat2) continue;
            CHECK(SiteLookup::unchanged(site, lookup.probes()));
            row.change(root);
            CHECK(SiteLookup::unchanged(site, lookup.probes()) == row.unchanged);
        }
    }

    TEST_CASE("Without a way to look that never blocks, nothing counts as unchanged") {
        const TempDir root;
        root.write("file.txt", "x");
        const StaticSite site(DocumentRoot::open(root.str(), DocumentRoot::Resolver::walk));
        SiteLookup lookup(site);
        REQUIRE(lookup.find("/file.txt").kind == Kind::file);
        CHECK_FALSE(SiteLookup::unchanged(site, lookup.probes()));
    }
}
