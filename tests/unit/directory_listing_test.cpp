#include "handlers/files/directory_listing.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

std::optional<DirectoryListing> read(const DocumentRoot& root, std::string_view path,
                                     const ListingOptions& options = {}) {
    auto directory = root.open_directory(path);
    REQUIRE(directory.status == OpenStatus::ok);
    return read_directory(root, path, std::move(directory.fd), options);
}

/// "docs/ a.txt": the names, with a '/' after those of directories.
std::string names_of(const DirectoryListing& listing) {
    std::string names;
    for (const auto& entry : listing.entries) {
        if (!names.empty()) names += ' ';
        names += entry.name + (entry.is_directory ? "/" : "");
    }
    return names;
}

}  // namespace

TEST_SUITE("directory_listing") {
    TEST_CASE("Names are in natural order") {
        const std::vector<std::string> ordered{"",
                                               "!",
                                               "0",
                                               "00",
                                               "01",
                                               "1",
                                               "1a",
                                               "2",
                                               "010",
                                               "10",
                                               "10a",
                                               "99999999999999999999",
                                               "100000000000000000000",
                                               "A",
                                               "a",
                                               "A1",
                                               "a01",
                                               "a1",
                                               "a1b",
                                               "a2",
                                               "a10",
                                               "aB",
                                               "ab",
                                               "file-2",
                                               "file-10",
                                               "README",
                                               "readme",
                                               "README.md",
                                               "v1.2.10",
                                               "v1.10.2",
                                               "z",
                                               "\xc3\xa9"};
        for (std::size_t i = 0; i < ordered.size(); ++i) {
            CAPTURE(ordered[i]);
            CHECK_FALSE(natural_less(ordered[i], ordered[i]));
            for (std::size_t j = i + 1; j < ordered.size(); ++j) {
                CAPTURE(ordered[j]);
                CHECK(natural_less(ordered[i], ordered[j]));
                CHECK_FALSE(natural_less(ordered[j], ordered[i]));
            }
        }
    }

    TEST_CASE("A listing has what a visitor could open, directories first") {
        const TempDir dir;
        dir.write("site/b.txt", "12345");
        dir.write("site/a10", "");
        dir.write("site/a2", "");
        dir.write("site/.secret", "");
        dir.write("site/zoo/x", "");
        dir.mkdir("site/.git");
        dir.mkdir("site/Alpha");
        dir.write("outside", "secret");
        dir.symlink("site/to-file", "b.txt");
        dir.symlink("site/to-dir", "zoo");
        dir.symlink("site/out", "../outside");
        dir.symlink("site/absolute", (dir / "outside").string());
        dir.symlink("site/dangling", "nothing");
        dir.symlink("site/loop", "loop");
        dir.symlink("site/to-fifo", "fifo");
        dir.symlink("site/zoo/up", "../b.txt");
        dir.symlink("site/zoo/out", "../../outside");
        REQUIRE(::mkfifo((dir / "site/fifo").c_str(), 0644) == 0);
        for (const auto resolver :
             {DocumentRoot::Resolver::automatic, DocumentRoot::Resolver::walk}) {
            const auto root = DocumentRoot::open((dir / "site").string(), resolver);
            CHECK(names_of(read(root, "/").value()) == "Alpha/ to-dir/ zoo/ a2 a10 b.txt to-file");
            CHECK(names_of(read(root, "/", {.show_dotfiles = true}).value()) ==
                  ".git/ Alpha/ to-dir/ zoo/ .secret a2 a10 b.txt to-file");
            CHECK(names_of(read(root, "/zoo/").value()) == "up x");
            CHECK(names_of(read(root, "/zoo").value()) == "up x");
            CHECK(names_of(read(root, "/Alpha/").value()).empty());
        }
    }

    TEST_CASE("An entry has the size and the time of the file, also through a link") {
        const TempDir dir;
        const std::array<timespec, 2> times{timespec{0, 0}, timespec{1'700'000'000, 5}};
        ::utimensat(AT_FDCWD, dir.write("b.txt", "12345").c_str(), times.data(), 0);
        dir.symlink("link", "b.txt");
        dir.mkdir("docs");
        const auto root = DocumentRoot::open(dir.str());
        const auto entries = read(root, "/").value().entries;
        REQUIRE(entries.size() == 3);
        CHECK(entries[0].name == "docs");
        CHECK(entries[0].size == 0);
        for (const auto& entry : {entries[1], entries[2]}) {
            CAPTURE(entry.name);
            CHECK(entry.size == 5);
            CHECK(entry.mtime == 1'700'000'000);
        }
    }

    TEST_CASE("Too many entries are cut off and it is told") {
        const TempDir dir;
        for (int i = 0; i < 10; ++i) dir.write(std::to_string(i), "");
        const auto root = DocumentRoot::open(dir.str());
        const auto cut = read(root, "/", {.max_entries = 9}).value();
        CHECK(cut.entries.size() == 9);
        CHECK(cut.truncated);
        const auto whole = read(root, "/", {.max_entries = 10}).value();
        CHECK(whole.entries.size() == 10);
        CHECK_FALSE(whole.truncated);
    }

    TEST_CASE("A descriptor that is no directory gives nothing and is closed") {
        const TempDir dir;
        const auto root = DocumentRoot::open(dir.str());
        CHECK_FALSE(read_directory(root, "/", Fd()).has_value());
        Fd file(::open(dir.write("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
        const int number = file.get();
        CHECK_FALSE(read_directory(root, "/", std::move(file)).has_value());
        CHECK(::fcntl(number, F_GETFD) == -1);
        auto directory = root.open_directory("/");
        const int other = directory.fd.get();
        CHECK(read_directory(root, "/", std::move(directory.fd)).has_value());
        CHECK(::fcntl(other, F_GETFD) == -1);
    }
}

}  // namespace basehttp
