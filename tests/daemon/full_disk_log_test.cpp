// The disk of the access log is full: requests are served, lines wait.
#include <sys/resource.h>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

/// Files of a process cannot grow beyond `bytes`, which to it is a disk without room.
void limit_files(int pid, rlim_t bytes) {
    rlimit limit{};
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, nullptr, &limit) == 0);
    limit.rlim_cur = bytes;
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) == 0);
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("daemon logs on a full disk") {
    TEST_CASE("Requests are served, and the lines are written when there is room again") {
        const TempDir root;
        root.write("file.txt", "12345");
        Daemon daemon(
            {.root = root.str(),
             .arguments = {"--access-format", "common"},
             .expected_log = {" error: Cannot write to '", " warning: Lines are written"}});
        const auto get = [&](int times) {
            HttpClient client(daemon.endpoint());
            for (int i = 0; i < times; ++i) CHECK(client.get("/file.txt").status == 200);
        };
        get(100);
        const std::size_t size = daemon.access_log(100).size();
        limit_files(daemon.child().pid(), size + 100);  // in the midst of a line
        get(300);
        CHECK(daemon.child().until([&] { return has(daemon.error_log(), "Cannot write to"); }));
        get(300);
        CHECK(daemon.access_log().size() <= size + 100);
        limit_files(daemon.child().pid(), RLIM_INFINITY);
        const auto lines = lines_of(daemon.access_log(700));
        CHECK(lines.size() == 700);
        for (const std::string& line : lines) {
            CHECK(line.starts_with("127.0.0.1 - - ["));
            CHECK(line.ends_with("] \"GET /file.txt HTTP/1.1\" 200 5"));
        }
        daemon.stop();
        CHECK(has(daemon.error_log(), "': File too large; it is tried again each second"));
    }
}
