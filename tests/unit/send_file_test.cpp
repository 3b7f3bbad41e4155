// BaseHTTPRequestHandler::send_file without a network.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ostream>
#include <string>

#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;
using Answer = MemoryServer::Answer;

namespace {

constexpr std::string_view text = "0123456789";

/// The answer of a handler that sends this file; `fields` with their CRLF.
Answer run(const std::string& path, const std::string& fields = "",
           const std::string& method = "GET", std::string_view type = {},
           std::string_view download_name = {}) {
    MemoryServer server(function_handler([&](FunctionHandler& h) {
        h.send_file(path, type, download_name);  // whatever the path of the request is
    }));
    return server.run(method + " /other HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
}

std::string value_of(const Answer& answer, const std::string& name) {
    const std::string head(answer.head());
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

TEST_SUITE("send_file") {
    TEST_CASE("A file is sent with what can be said of it") {
        const TempDir directory;
        const Answer answer = run(directory.write("a.TXT", text));
        CHECK(answer.status == 200);
        CHECK(answer.body() == text);
        CHECK(answer.has("Content-Type: text/plain; charset=utf-8"));
        CHECK(answer.has("Content-Length: 10"));
        CHECK(answer.has("Accept-Ranges: bytes"));
        CHECK(value_of(answer, "Last-Modified").size() == 29);
        CHECK(value_of(answer, "ETag").starts_with("\""));
        CHECK(value_of(answer, "Content-Disposition").empty());
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("The program may name the type, and a name to save it under") {
        const TempDir directory;
        const std::string path = directory.write("a.txt", text);
        const Answer answer = run(path, "", "GET", "x/y", "\xc3\xa9/1.txt");
        CHECK(answer.has("Content-Type: x/y"));
        CHECK(
            answer.has("Content-Disposition: attachment; filename=\"__1.txt\"; "
                       "filename*=UTF-8''%C3%A9_1.txt"));
        CHECK(run(directory.write("b.unknown", "")).has("Content-Type: application/octet-stream"));
    }

    TEST_CASE("HEAD gets the header of GET and no content") {
        const TempDir directory;
        const Answer answer = run(directory.write("a.txt", text), "", "HEAD");
        CHECK(answer.status == 200);
        CHECK(answer.has("Content-Length: 10"));
        CHECK(answer.body().empty());
        CHECK_FALSE(answer.close);
    }

    TEST_CASE("What the client has is not sent again") {
        const TempDir directory;
        const std::string path = directory.write("a.txt", text);
        const Answer first = run(path);
        for (const std::string method : {"GET", "HEAD"})
            for (const std::string& fields :
                 {"If-None-Match: " + value_of(first, "ETag") + "\r\n",
                  "If-Modified-Since: " + value_of(first, "Last-Modified") + "\r\n"}) {
                CAPTURE(fields);
                const Answer answer = run(path, fields, method, {}, "name");
                CHECK(answer.status == 304);
                CHECK(answer.body().empty());
                CHECK(value_of(answer, "ETag") == value_of(first, "ETag"));
                CHECK(value_of(answer, "Content-Disposition").empty());
                CHECK_FALSE(answer.close);
            }
        CHECK(run(path, "If-Match: \"x\"\r\n").status == 412);
    }

    TEST_CASE("Ranges are sent alone or in parts") {
        const TempDir directory;
        const std::string path = directory.write("a.txt", text);
        const Answer one = run(path, "Range: bytes=2-4\r\n", "GET", {}, "name");
        CHECK(one.status == 206);
        CHECK(one.has("Content-Range: bytes 2-4/10"));
        CHECK(one.has("Content-Length: 3"));
        CHECK(one.has("Content-Disposition: attachment; filename=\"name\""));
        CHECK(one.body() == "234");

        const Answer two = run(path, "Range: bytes=0-1,8-9\r\n");
        CHECK(two.status == 206);
        CHECK(value_of(two, "Content-Type").starts_with("multipart/byteranges; boundary="));
        CHECK(value_of(two, "Content-Length") == std::to_string(two.body().size()));
        CHECK(two.body().find("Content-Range: bytes 0-1/10\r\n\r\n01\r\n") != std::string::npos);
        CHECK(two.body().find("Content-Range: bytes 8-9/10\r\n\r\n89\r\n") != std::string::npos);

        const Answer none = run(path, "Range: bytes=10-\r\n");
        CHECK(none.status == 416);
        CHECK(none.has("Content-Range: bytes */10"));
        CHECK(run(path, "Range: bytes=2-4\r\n", "HEAD").status == 200);
    }

    TEST_CASE("An answer to another method has no conditions and no ranges") {
        const TempDir directory;
        const std::string path = directory.write("a.txt", text);
        const Answer answer = run(path, "If-None-Match: *\r\nRange: bytes=0-0\r\n", "POST");
        CHECK(answer.status == 200);
        CHECK(answer.body() == text);
    }

    TEST_CASE("A file larger than what is kept in memory is sent whole") {
        const TempDir directory;
        std::string large(300'000, 'a');
        large.back() = 'z';
        const std::string path = directory.write("large.bin", large);
        CHECK(run(path).body() == large);
        CHECK(run(path, "Range: bytes=-2\r\n").body() == "az");
    }

    TEST_CASE("A missing file is 404, what is no regular file is 403") {
        const TempDir directory;
        directory.write("a.txt", text);
        directory.symlink("link", "a.txt");
        directory.symlink("broken", "none");
        directory.symlink("loop", "loop");
        const auto path = [&](std::string_view name) { return (directory / name).string(); };
        REQUIRE(::mkfifo(path("fifo").c_str(), 0600) == 0);
        struct Row {
            std::string path;
            int status;
        };
        const Row rows[] = {
            {path("a.txt"), 200},
            {path("link"), 200},
            {path("none"), 404},
            {path("a.txt/x"), 404},
            {path("broken"), 404},
            {path("loop"), 404},
            {path("a.txt") + '\0' + "x", 404},
            {path(std::string(300, 'n')), 404},
            {"", 404},
            {directory.str(), 403},
            {path("fifo"), 403},
            {"/dev/null", 403},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            const Answer answer = run(row.path);
            CHECK(answer.status == row.status);
            CHECK_FALSE(answer.close);
        }
    }

    TEST_CASE("A file that may not be read is 403") {
        if (::geteuid() == 0) {
            MESSAGE("SKIPPED: root may read every file");
            return;
        }
        const TempDir directory;
        const std::string path = directory.write("a.txt", text);
        REQUIRE(::chmod(path.c_str(), 0) == 0);
        CHECK(run(path).status == 403);
    }
}
