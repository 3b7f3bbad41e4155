#include "server/exchange/request_body.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <ostream>
#include <string>

#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

/// Runs the same in memory and in a file.
template <class Use>
void in_both_places(std::string_view content, Use use) {
    const TempDir directory;
    for (const std::size_t memory : {std::size_t{1} << 20, std::size_t{0}, content.size() / 2}) {
        CAPTURE(memory);
        RequestBody body(memory, directory.str());
        for (std::size_t at = 0; at < content.size(); at += 1000)
            REQUIRE(body.append(content.substr(at, 1000)));
        REQUIRE(body.size() == content.size());
        use(body);
        CHECK(std::filesystem::is_empty(directory.path()));  // the file has no name
    }
}

/// What one read(2) gives.
std::string read_some(const Fd& file, std::size_t most) {
    std::string text(most, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    REQUIRE(count >= 0);
    text.resize(static_cast<std::size_t>(count));
    return text;
}

}  // namespace

TEST_SUITE("RequestBody") {
    TEST_CASE("read gives what is left, or as much as asked for") {
        in_both_places("hello world", [](RequestBody& body) {
            CHECK(body.read(5) == "hello");
            CHECK(body.read(0) == "");
            CHECK_FALSE(body.at_end());
            CHECK(body.read(100) == " world");
            CHECK(body.at_end());
            CHECK(body.read() == "");
            CHECK(body.size() == 11);
        });
    }

    TEST_CASE("A body of many pieces is read whole") {
        std::string content;
        for (int i = 0; i < 20000; ++i) content += std::to_string(i) + ",";
        in_both_places(content, [&](RequestBody& body) { CHECK(body.read() == content); });
    }

    TEST_CASE("readinto fills the caller's memory") {
        in_both_places("hello", [](RequestBody& body) {
            std::string out(3, '.');
            CHECK(body.readinto(out) == 3);
            CHECK(out == "hel");
            CHECK(body.readinto(out) == 2);
            CHECK(out == "lol");
            CHECK(body.readinto(out) == 0);
        });
    }

    TEST_CASE("readline ends with the line, the limit or the body") {
        in_both_places("a\n\nbcd\r\n" + std::string(9000, 'x') + "\nend", [](RequestBody& body) {
            CHECK(body.readline() == "a\n");
            CHECK(body.readline() == "\n");
            CHECK(body.readline(2) == "bc");
            CHECK(body.readline() == "d\r\n");
            CHECK(body.readline(0) == "");
            CHECK(body.readline() == std::string(9000, 'x') + "\n");
            CHECK(body.readline(3) == "end");
            CHECK(body.readline() == "");
        });
    }

    TEST_CASE("An empty body is at its end") {
        RequestBody body;
        CHECK(body.size() == 0);
        CHECK(body.at_end());
        CHECK(body.read() == "");
        CHECK(body.readline() == "");
    }

    TEST_CASE("A directory where no file can be made is an error when it is first needed") {
        RequestBody body(4, "/nonexistent/directory");
        CHECK(body.append("1234"));
        CHECK_FALSE(body.append("5"));
        CHECK(errno == ENOENT);
        CHECK(body.size() == 4);
    }

    TEST_CASE("A copy has all of the body and an offset of its own") {
        in_both_places("hello world", [](RequestBody& body) {
            CHECK(body.read(6) == "hello ");
            const Fd copy = body.open_copy(), other = body.open_copy();
            REQUIRE(copy);
            REQUIRE(other);
            CHECK(read_some(copy, 4) == "hell");
            CHECK(body.read(2) == "wo");
            CHECK(read_some(other, 100) == "hello world");
            CHECK(read_some(copy, 100) == "o world");
            CHECK(read_some(copy, 100) == "");
            CHECK(body.read() == "rld");
        });
    }

    TEST_CASE("A copy of an empty body is at its end") {
        const RequestBody body;
        const Fd copy = body.open_copy();
        REQUIRE(copy);
        CHECK(read_some(copy, 1) == "");
    }

    TEST_CASE("A copy of a body in a file cannot change it and outlives it") {
        const TempDir directory;
        Fd copy;
        {
            RequestBody body(0, directory.str());
            REQUIRE(body.append("hello"));
            copy = body.open_copy();
            REQUIRE(copy);
            CHECK(::write(copy.get(), "x", 1) == -1);
            CHECK(errno == EBADF);
        }
        CHECK(read_some(copy, 100) == "hello");
    }

    TEST_CASE("A copy does not leak into programs that are started") {
        in_both_places("hello", [](RequestBody& body) {
            const Fd copy = body.open_copy();
            CHECK((::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC) != 0);
        });
    }
}
