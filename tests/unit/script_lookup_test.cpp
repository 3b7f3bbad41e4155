#include "handlers/cgi/script_lookup.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// A site with scripts of every kind.
struct ScriptSite {
    TempDir root;
    std::shared_ptr<StaticSite> site;
    CgiSettings cgi;

    ScriptSite() {
        for (const char* name :
             {"cgi-bin/run.sh", "cgi-bin/sub/deep.sh", "cgi-bin/run.sh~", "cgi-bin/run.sh.bak",
              "cgi-bin/.run.sh.swp", "cgi-bin/sub/index.html", "cgi-bin/nph-run.sh"}) {
            write(name, 0755);
        }
        for (const char* name : {"cgi-bin/plain.txt", "cgi-bin/mapped.py", "cgi-bin/UPPER.PY",
                                 "index.html", "page.php", "app/index.php", "page.php~",
                                 "page.php.bak", ".hidden.php", "other/index.html"}) {
            write(name, 0644);
        }
        site = std::make_shared<StaticSite>(DocumentRoot::open(root.str()));
        site->index = {"index.php", "index.html"};
        cgi.interpreters = {{".php", "/usr/bin/php-cgi"}, {".py", "/usr/bin/python3"}};
    }
    void write(const std::string& name, unsigned mode) {
        std::filesystem::create_directories((root / name).parent_path());
        root.write(name, "source");
        REQUIRE(::chmod((root / name).c_str(), mode) == 0);
    }
    ScriptTarget find(const std::string& path) const { return find_script(*site, cgi, path); }
};

TEST_SUITE_BEGIN("script_lookup");

TEST_CASE("A path is split at the first segment that is a file") {
    const ScriptSite s;
    struct Row {
        const char *path, *script, *path_info, *interpreter;
    };
    for (const auto& row : {
             Row{"/cgi-bin/run.sh", "/cgi-bin/run.sh", "", ""},
             Row{"/cgi-bin/run.sh/", "/cgi-bin/run.sh", "/", ""},
             Row{"/cgi-bin/run.sh/a/b", "/cgi-bin/run.sh", "/a/b", ""},
             Row{"/cgi-bin/run.sh/.git/x~", "/cgi-bin/run.sh", "/.git/x~", ""},
             Row{"/cgi-bin/sub/deep.sh/x", "/cgi-bin/sub/deep.sh", "/x", ""},
             Row{"/cgi-bin/mapped.py/x", "/cgi-bin/mapped.py", "/x", "/usr/bin/python3"},
             Row{"/cgi-bin/UPPER.PY", "/cgi-bin/UPPER.PY", "", "/usr/bin/python3"},
             Row{"/page.php", "/page.php", "", "/usr/bin/php-cgi"},
             Row{"/page.php/", "/page.php", "/", "/usr/bin/php-cgi"},
             Row{"/page.php/x/y", "/page.php", "/x/y", "/usr/bin/php-cgi"},
             Row{"/app/", "/app/index.php", "", "/usr/bin/php-cgi"},
         }) {
        CAPTURE(row.path);
        const ScriptTarget target = s.find(row.path);
        CHECK(target.kind == ScriptTarget::Kind::script);
        CHECK(target.path == row.script);
        CHECK(target.path_info == row.path_info);
        CHECK(target.interpreter == row.interpreter);
    }
}

TEST_CASE("What lies among scripts and is none is refused, never shown") {
    const ScriptSite s;
    struct Row {
        const char* path;
        int status;
    };
    for (const auto& row : {
             Row{"/cgi-bin", 403},
             Row{"/cgi-bin/", 403},
             Row{"/cgi-bin/sub", 403},
             Row{"/cgi-bin/plain.txt", 403},
             Row{"/cgi-bin/plain.txt/x", 403},
             Row{"/cgi-bin/none.sh", 404},
             Row{"/cgi-bin/none/x", 404},
             Row{"/cgi-bin/run.sh~", 404},
             Row{"/cgi-bin/run.sh.bak", 404},
             Row{"/cgi-bin/.run.sh.swp", 404},
             Row{"/page.php~", 404},
             Row{"/page.php.bak", 404},
             Row{"/.hidden.php", 404},
         }) {
        CAPTURE(row.path);
        const ScriptTarget target = s.find(row.path);
        CHECK(target.kind == ScriptTarget::Kind::error);
        CHECK(target.status == row.status);
    }
}

TEST_CASE("An executable index file stands for its directory among scripts") {
    const ScriptSite s;
    CHECK(s.find("/cgi-bin/sub/").path == "/cgi-bin/sub/index.html");
}

TEST_CASE("Everything else is for the static code") {
    const ScriptSite s;
    for (const char* path : {"/", "/index.html", "/cgi-binx/run.sh", "/other/", "/none",
                             "/none.php", "/index.html/x.txt"}) {
        CAPTURE(path);
        CHECK(s.find(path).kind == ScriptTarget::Kind::none);
    }
}

TEST_CASE("The page of an application may be a script for every unknown path") {
    ScriptSite s;
    s.site->spa = "/app/index.php";
    CHECK(s.find("/users/7").path == "/app/index.php");
    CHECK(s.find("/users/7").path_info == "");
    CHECK(s.find("/index.html").kind == ScriptTarget::Kind::none);
}

TEST_CASE("A script whose name begins with nph- speaks HTTP itself") {
    const ScriptSite s;
    CHECK(s.find("/cgi-bin/nph-run.sh/nph").is_nph());
    CHECK_FALSE(s.find("/cgi-bin/run.sh/nph-x").is_nph());
}

TEST_CASE("The whole site may be a directory for scripts") {
    ScriptSite s;
    s.cgi.cgi_directories = {"/"};
    CHECK(s.find("/cgi-bin/run.sh/x").path == "/cgi-bin/run.sh");
    CHECK(s.find("/index.html").status == 403);
    CHECK(s.find("/").status == 403);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
