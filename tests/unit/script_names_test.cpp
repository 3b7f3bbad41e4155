#include "handlers/cgi/script_names.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;

namespace {

const Interpreters interpreters = {
    {".py", "/usr/bin/python3"}, {".php", "/usr/bin/php-cgi"}, {".inc.php", "/bin/false"}};

}  // namespace

TEST_SUITE("script_names") {
    TEST_CASE("A script's interpreter is found by its extension") {
        struct Row {
            std::string_view path, program;
        };
        const Row rows[] = {
            {"/a.py", "/usr/bin/python3"},
            {"a.py", "/usr/bin/python3"},
            {"/d/A.PY", "/usr/bin/python3"},
            {"/a.b.py", "/usr/bin/python3"},
            {"/.a.py", "/usr/bin/python3"},
            {"/index.php", "/usr/bin/php-cgi"},
            {"/index.inc.php", "/bin/false"},
            {"/index.php.txt", ""},
            {"/index.php/", ""},
            {"/index.php/x", ""},
            {"/d.php/a.txt", ""},
            {"/.php", ""},
            {"/py", ""},
            {"/apy", ""},
            {"/a.pyc", ""},
            {"/a.py ", ""},
            {"/a.py.", ""},
            {"", ""},
            {"/", ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(interpreter_for(row.path, interpreters) == row.program);
        }
        CHECK(interpreter_for("/a.py", {}).empty());
    }

    TEST_CASE("A backup is known by its name") {
        const std::string_view backups[] = {
            "a.py~",      "a~",        "a.py.~1~",    "#a.py#", ".#a.py",     "a.bak",
            "a.py.BAK",   "a.Old",     "a.orig",      "a.save", ".a.py.swp",  "a.swo",
            "a.tmp",      "a.rej",     "a.dist",      "a.copy", "a.dpkg-old", "a.DPKG-dist",
            "a.ucf-dist", "a.rpmsave", "a.py.pacnew", "a.part", ".a.py.un~",
        };
        for (const std::string_view name : backups) {
            CAPTURE(name);
            CHECK(is_backup_name(name));
        }
    }

    TEST_CASE("Other names are no backups") {
        const std::string_view names[] = {
            "",    "a",     "a.py",   "bak",    ".bak",      "~",          "#",      "##",
            ".#",  "#a",    "a#",     "a~b",    "purge-old", "report_old", "a.bake", "a.old.py",
            "a.1", "a.swf", "a.bak.", "a.py.1", "old",       "~a",         "C#",
        };
        for (const std::string_view name : names) {
            CAPTURE(name);
            CHECK(!is_backup_name(name));
        }
    }

    TEST_CASE("A backup of a script is known by the script's extension") {
        const std::string_view backups[] = {
            "/index.php~",
            "/d/index.php.bak",
            "/INDEX.PHP.OLD",
            "/.index.php.swp",
            "/#index.php#",
            "/.#index.php",
            "/index.php.~12~",
            "/.index.php.un~",
            "/index.php_old",
            "/index.php-bak",
            "/index.php.1",
            "/index.php-2024-01-31",
            "/a.py.20240131_2359",
            "/a.py.bak~",
            "/a.py.bak.2",
            "/a.py.dpkg-old",
            "/a.inc.php.orig",
            "a.py~",
            "/~a.py~",
        };
        for (const std::string_view path : backups) {
            CAPTURE(path);
            CHECK(is_backup_of_script(path, interpreters));
        }
        CHECK(!is_backup_of_script("/index.php~", {}));
    }

    TEST_CASE("Other files are no backups of scripts") {
        const std::string_view paths[] = {
            "",
            "/",
            "/index.php",
            "/notes.txt.bak",
            "/notes.txt~",
            "/a.py.txt",
            "/index.php.html",
            "/old",
            "/.php.bak",
            "/d.php~/a",
            "/a.bak.py",
            "/a_old.py",
            "/~",
            "/.bak",
            "/a.py.1.tar",
            "/a.1.2.3",
            "/.1.1.1.1.1.1.1.1.1.1",
            "/a.pyx.old",
        };
        for (const std::string_view path : paths) {
            CAPTURE(path);
            CHECK(!is_backup_of_script(path, interpreters));
        }
    }
}
