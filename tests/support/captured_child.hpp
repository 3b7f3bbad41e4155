// A ChildProcess whose output a test reads, with bounds on every wait.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "handlers/process/child_process.hpp"
#include "server/fd.hpp"

namespace basehttp {

inline std::pair<Fd, Fd> test_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Whether the descriptor becomes readable in time.
inline bool wait_readable(int fd, int milliseconds = 20'000) {
    pollfd poll_fd{fd, POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&poll_fd, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/// The next bytes; empty at the end or after 20 s.
inline std::string read_some(int fd) {
    if (!wait_readable(fd)) return {};
    char bytes[4096];
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(got > 0 ? got : 0)};
}

inline std::string read_to_end(int fd) {
    std::string text;
    for (std::string part = read_some(fd); !part.empty(); part = read_some(fd)) text += part;
    return text;
}

inline std::string read_text_line(int fd) {
    std::string line;
    char byte = 0;
    while (wait_readable(fd) && ::read(fd, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
}

/// A running program; its stdout and stderr are one pipe.
struct CapturedChild {
    explicit CapturedChild(SpawnRequest request) {
        auto [read_end, write_end] = test_pipe();
        request.out = request.err = write_end.get();
        if (request.environment == nullptr) request.environment = &default_environment();
        if (request.arguments.empty()) request.arguments = {request.program};
        child.emplace(ChildProcess::spawn(request));
        out = std::move(read_end);
    }

    /// Waits for the end of the program, not of its output.
    ChildEnd end() {
        REQUIRE(wait_readable(child->pidfd()));
        const auto end = child->reap();
        REQUIRE(end.has_value());
        return *end;
    }

    static const std::vector<std::string>& default_environment() {
        static const std::vector<std::string> entries = {
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
        return entries;
    }

    Fd out;
    std::optional<ChildProcess> child;
};

/// A shell with this program text.
inline SpawnRequest shell(std::string text) {
    SpawnRequest request;
    request.program = "/bin/sh";
    request.arguments = {"sh", "-c", std::move(text)};
    return request;
}

/// All that a program prints until it has ended.
inline std::string output_of(SpawnRequest request) {
    CapturedChild run(std::move(request));
    std::string text = read_to_end(run.out.get());
    run.end();
    return text;
}

}  // namespace basehttp
