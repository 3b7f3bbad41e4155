// Logs whose disk is full, or whose pipe nobody reads.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "server/log/log.hpp"
#include "server/log/log_file.hpp"
#include "tests/support/daemon_fixture.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// A log whose access file is a pipe that is read only when a test says so.
struct PipeLog {
    TempDir dir;
    ManualClock clock;
    std::string name = (dir / "pipe").string();
    Fd reader;
    std::unique_ptr<Log> log;
    std::string seen;  // by reader

    explicit PipeLog(bool events_too = false) {
        REQUIRE(::mkfifo(name.c_str(), 0600) == 0);
        reader.reset(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        LogOptions options;
        options.access = name;
        options.error = events_too ? name : (dir / "error").string();
        log = std::make_unique<Log>(options, clock);
    }
    /// What comes until `holds`.
    void read_until(const std::function<bool()>& holds) {
        std::array<char, 65536> buffer;
        pollfd polled{reader.get(), POLLIN, 0};
        for (int silent = 0; silent < 1000 && !holds();) {
            const ssize_t size =
                ::poll(&polled, 1, 10) > 0 ? ::read(reader.get(), buffer.data(), buffer.size()) : 0;
            silent = size > 0 ? 0 : silent + 1;
            seen.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size)));
        }
        CHECK(holds());
    }
    /// More lines than wait for a file.
    std::size_t write_too_many() {
        const std::size_t count = 3 * LogFile::most_waiting / 100;
        for (std::size_t i = 0; i < count; ++i) log->write_access(std::string(99, 'x') + "\n");
        return count;
    }
    std::string errors() {
        log->flush();
        return read_text(dir / "error");
    }
};

std::size_t dropped_in(const std::string& errors) {
    const std::size_t end = errors.find(" log messages were dropped: ");
    if (end == std::string::npos) return 0;
    return std::stoul(errors.substr(errors.rfind(' ', end - 1) + 1));
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("Log in trouble") {
    TEST_CASE("A pipe that nobody reads costs bounded memory and no line of the other log") {
        PipeLog pipe;
        const std::size_t written = pipe.write_too_many();
        pipe.log->write(LogLevel::info, "the other log goes on");
        CHECK(has(pipe.errors(), " info: the other log goes on\n"));
        CHECK_FALSE(has(pipe.errors(), "dropped"));
        pipe.read_until([&] { return dropped_in(pipe.errors()) > 0; });
        const std::size_t dropped = dropped_in(pipe.errors());
        pipe.read_until([&] { return pipe.seen.size() / 100 + dropped == written; });
        // Two buffers and what the pipe itself holds.
        CHECK(pipe.seen.size() <= 2 * LogFile::most_waiting + (64u << 10));
        CHECK(has(pipe.errors(), " warning: "));
        CHECK(has(pipe.errors(),
                  " log messages were dropped: '" + pipe.name + "' did not take them in time\n"));
        CHECK(pipe.seen.find_first_not_of("x\n") == std::string::npos);
        for (const std::string& line : lines_of(pipe.seen)) REQUIRE(line.size() == 99);
    }

    TEST_CASE("Dropped lines are told of once a minute at most") {
        PipeLog pipe;
        const auto told = [&] {
            std::size_t count = 0;
            for (const std::string& line : lines_of(pipe.errors())) count += has(line, "dropped");
            return count;
        };
        const auto drop_some = [&](const char* last) {
            pipe.write_too_many();
            pipe.read_until([&] {
                pipe.log->write_access(last);
                pipe.log->flush();
                return pipe.seen.ends_with(last);
            });
        };
        drop_some("1\n");
        pipe.read_until([&] { return told() == 1; });
        drop_some("2\n");
        CHECK(told() == 1);
        pipe.clock.advance(59s);
        pipe.log->write_access("3\n");
        CHECK(told() == 1);
        pipe.clock.advance(1s);
        pipe.log->write_access("4\n");
        pipe.read_until([&] { return told() == 2; });
    }

    TEST_CASE("A full disk is told of once, and lines go on when there is room") {
        const TempDir dir;
        dir.symlink("access", "/dev/full");
        LogOptions options;
        options.access = (dir / "access").string();
        options.error = (dir / "error").string();
        Log log(options);
        for (int i = 0; i < 10; ++i) {
            log.write_access("line\n");
            log.flush();
        }
        const std::string trouble = " error: Cannot write to '" + options.access +
                                    "': No space left on device; it is tried again each second, "
                                    "and what does not fit into memory until then is lost\n";
        CHECK(has(read_text(dir / "error"), trouble));
        CHECK(lines_of(read_text(dir / "error")).size() == 1);
        fs::remove(dir / "access");
        REQUIRE(log.reopen());
        log.write_access("last\n");
        log.flush();
        CHECK(read_text(dir / "access") ==
              "line\nline\nline\nline\nline\nline\nline\nline\nline\n"
              "line\nlast\n");
        CHECK(has(read_text(dir / "error"),
                  " warning: Lines are written to '" + options.access + "' again\n"));
    }

    TEST_CASE("An end with a full disk or a pipe that nobody reads comes soon") {
        for (const bool events_too : {false, true}) {
            CAPTURE(events_too);
            PipeLog pipe(events_too);
            pipe.write_too_many();
            pipe.log->write(LogLevel::info, "x");
            pipe.log.reset();
            if (!events_too) CHECK(dropped_in(read_text(pipe.dir / "error")) > 0);
        }
        Log(LogOptions{.access = "/dev/full", .error = "/dev/full"}).write_access("line\n");
    }

    TEST_CASE("A reader that leaves and comes back costs no line") {
        PipeLog pipe;
        pipe.log->write_access("one\n");
        pipe.read_until([&] { return pipe.seen == "one\n"; });
        pipe.reader.reset();
        pipe.log->write_access("two\n");
        CHECK(has(pipe.errors(), "': Broken pipe; "));
        pipe.reader.reset(::open(pipe.name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        pipe.log->write_access("three\n");
        pipe.read_until([&] { return pipe.seen == "one\ntwo\nthree\n"; });
    }
}
