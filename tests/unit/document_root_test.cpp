#include "handlers/files/document_root.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tests/support/document_roots.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

using enum OpenStatus;

/// site/ is the root; secret.txt and site-other/ lie beside it.
struct Site {
    TempDir dir;
    std::string root = dir.mkdir("site").string();

    Site() {
        dir.write("secret.txt", "secret");
        dir.write("site-other/index.html", "secret");
        dir.write("site/index.html", "home");
        dir.write("site/docs/a/page.html", "page");
        dir.write("site/with space/\xff.txt", "bytes");
        dir.write("site/..hidden/...", "dots");
        dir.symlink("site/same.html", "index.html");
        dir.symlink("site/docs/up.html", "../index.html");
        dir.symlink("site/docs/a/up", "..");
        dir.symlink("site/latest", "docs/a/");
        dir.symlink("site/here", ".");
        dir.symlink("site/chain", "docs/../docs/up.html");
        dir.symlink("site/loop", "loop");
        dir.symlink("site/ping", "pong");
        dir.symlink("site/pong", "ping");
        dir.symlink("site/dangling", "nothing");
        dir.symlink("site/out", "../secret.txt");
        dir.symlink("site/out-and-in", "../site/index.html");
        dir.symlink("site/docs/out", "../../secret.txt");
        dir.symlink("site/absolute", (dir / "secret.txt").string());
        dir.symlink("site/absolute-inside", root + "/index.html");
        dir.symlink("site/absolute-through", root + "/../secret.txt");
        dir.symlink("site/absolute-prefix", root + "-other/index.html");
        dir.symlink("site/rooted", "/index.html");
        dir.symlink("site/parent", "..");
        dir.symlink("site/file-as-dir", "index.html/");
    }
};

}  // namespace

TEST_SUITE("DocumentRoot") {
    TEST_CASE("DocumentRoot opens what is inside and nothing else") {
        const Site site;
        const std::string long_name(256, 'a');
        const std::string long_path = "/docs" + std::string(5000, '/') + "a/page.html";
        const auto through_links = [](int count) {
            std::string path;
            for (int i = 0; i < count; ++i) path += "/here";
            return path + "/index.html";
        };
        struct Row {
            std::string path;
            OpenStatus status;
            const char* content = "";
        };
        const std::vector<Row> rows{
            {"/index.html", ok, "home"},
            {"/docs/a/page.html", ok, "page"},
            {"//docs///a//page.html", ok, "page"},
            {"/./docs/./a/page.html", ok, "page"},
            {"/with space/\xff.txt", ok, "bytes"},
            {"/..hidden/...", ok, "dots"},
            {"/", is_directory},
            {"/docs", is_directory},
            {"/docs/", is_directory},
            {"/docs/a/up", is_directory},
            {"/here/here/here/", is_directory},
            // Links that stay inside.
            {"/same.html", ok, "home"},
            {"/docs/up.html", ok, "home"},
            {"/latest/page.html", ok, "page"},
            {"/latest", is_directory},
            {"/here/here/index.html", ok, "home"},
            {"/chain", ok, "home"},
            {through_links(40), ok, "home"},
            {"/docs/a/up/up.html", ok, "home"},
            // Links that do not.
            {"/out", not_found},
            {"/out-and-in", not_found},
            {"/docs/out", not_found},
            {"/docs/a/up/out", not_found},
            {"/absolute", not_found},
            {"/absolute-inside", ok, "home"},
            {"/absolute-through", not_found},
            {"/absolute-prefix", not_found},
            {"/rooted", not_found},
            {"/parent", not_found},
            {"/parent/secret.txt", not_found},
            {"/parent/site/index.html", not_found},
            {"/loop", not_found},
            {"/ping", not_found},
            {through_links(41), not_found},
            {"/dangling", not_found},
            // Paths that mean no file of the site.
            {"", not_found},
            {"index.html", not_found},
            {"*", not_found},
            {"/..", not_found},
            {"/../secret.txt", not_found},
            {"/../site/index.html", not_found},
            {"/docs/../index.html", not_found},
            {"/docs/..", not_found},
            {"/docs/../", not_found},
            {"/../site-other/index.html", not_found},
            {site.root + "/index.html", not_found},
            {"//" + (site.dir / "secret.txt").string(), not_found},
            {"/missing", not_found},
            {"/missing/", not_found},
            {"/index.html/", not_found},
            {"/index.html/.", not_found},
            {"/index.html/more", not_found},
            {"/same.html/", not_found},
            {"/file-as-dir", not_found},
            {std::string("/index.html\0", 12), not_found},
            {std::string("/index.html\0.png", 16), not_found},
            {std::string("/\0", 2), not_found},
            {"/" + long_name, not_found},
            {long_path, not_found},
            {"/" + std::string(100'000, 'a'), not_found},
        };
        for (const auto& root : with_each_resolver(site.root)) {
            CAPTURE(name_of(root));
            for (const auto& row : rows) {
                CAPTURE(row.path.substr(0, 100));
                const auto file = root.open_file(row.path);
                CHECK(file.status == row.status);
                CHECK(static_cast<bool>(file.fd) == (row.status == ok));
                if (file.fd) CHECK(content_of(file) == row.content);
                const auto found = root.stat(row.path);
                CHECK(found.status == row.status);
                CHECK(found.info == file.info);
                const auto directory = root.open_directory(row.path);
                CHECK(directory.status == (row.status == is_directory ? ok : not_found));
                CHECK(static_cast<bool>(directory.fd) == (row.status == is_directory));
            }
        }
    }

    TEST_CASE("FileInfo tells what fstat tells") {
        const TempDir dir;
        const auto path = dir.write("a.txt", "12345");
        const std::array<timespec, 2> times{timespec{1, 2}, timespec{1'700'000'000, 123'456'789}};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
        struct stat status;
        REQUIRE(::stat(path.c_str(), &status) == 0);
        for (const auto& root : with_each_resolver(dir.str())) {
            CAPTURE(name_of(root));
            const auto info = root.open_file("/a.txt").info;
            CHECK(info.kind == FileKind::regular);
            CHECK(info.size == 5);
            CHECK(info.mtime == 1'700'000'000);
            CHECK(info.mtime_ns == 123'456'789);
            CHECK(info.ctime == status.st_ctim.tv_sec);
            CHECK(info.ctime_ns == status.st_ctim.tv_nsec);
            CHECK(info.inode == status.st_ino);
            CHECK(info.device == status.st_dev);
            CHECK(root.stat("/").info.kind == FileKind::directory);
        }
        const auto root = DocumentRoot::open(dir.str());
        const auto before = root.stat("/a.txt").info;
        CHECK(root.stat("/a.txt").info == before);
        dir.write("a.txt", "54321");
        CHECK(root.stat("/a.txt").info != before);
    }

    TEST_CASE("A descriptor from DocumentRoot is read-only, non-blocking and close-on-exec") {
        const TempDir dir;
        dir.write("a.txt", "text");
        for (const auto& root : with_each_resolver(dir.str())) {
            CAPTURE(name_of(root));
            for (const auto& opened : {root.open_file("/a.txt"), root.open_directory("/")}) {
                REQUIRE(opened.status == ok);
                const int flags = ::fcntl(opened.fd.get(), F_GETFL);
                CHECK((flags & O_ACCMODE) == O_RDONLY);
                CHECK((flags & O_NONBLOCK) != 0);
                CHECK((flags & O_PATH) == 0);
                CHECK((::fcntl(opened.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
            }
        }
    }

    TEST_CASE("A lookup that may not block says so or gives the same answer") {
        const Site site;
        for (const auto& root : with_each_resolver(site.root)) {
            CAPTURE(name_of(root));
            REQUIRE(root.open_file("/docs/a/page.html").status == ok);  // the kernel now has it
            const bool never = root.resolver() == DocumentRoot::Resolver::walk;
            const auto file = root.open_file("/docs/a/page.html", false);
            CHECK((file.status == try_again || (!never && content_of(file) == "page")));
            const auto missing = root.open_file("/fresh-name", false).status;
            CHECK((missing == try_again || (!never && missing == not_found)));
            CHECK(root.open_file("/../secret.txt", false).status == not_found);
            CHECK(root.open_file("/parent/secret.txt", false).status != ok);
            const auto directory = root.open_directory("/docs", false).status;
            CHECK((directory == try_again || (!never && directory == ok)));
        }
    }

    TEST_CASE("A root may be reached through a symbolic link and is held from then on") {
        const TempDir dir;
        dir.write("v1/index.html", "one");
        dir.write("v2/index.html", "two");
        dir.symlink("current", "v1");
        for (const auto& root : with_each_resolver((dir / "current").string())) {
            CAPTURE(name_of(root));
            std::filesystem::remove(dir / "current");
            dir.symlink("current", "v2");
            CHECK(content_of(root.open_file("/index.html")) == "one");
            std::filesystem::remove(dir / "current");
            dir.symlink("current", "v1");
        }
    }

    TEST_CASE("A root that is missing or no directory throws with its path") {
        const TempDir dir;
        for (const auto& path : {dir / "missing", dir.write("file", "x")}) {
            CAPTURE(path);
            try {
                DocumentRoot::open(path.string());
                FAIL("opened");
            } catch (const std::system_error& error) {
                CHECK(std::string(error.what()).find(path.string()) != std::string::npos);
            }
        }
    }
}

}  // namespace basehttp
