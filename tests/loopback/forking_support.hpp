// What tests of forking servers share: processes that tell each other when to go on.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <new>
#include <string>

#include "server/forking/forking_http_server.hpp"
#include "server/forking/parent_only.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

namespace basehttp {

using ForkingTestServer = TestServer<ForkingHTTPServer>;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

inline std::string get_of(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

/// A semaphore that handlers in children and the test share.
class Signal {
  public:
    Signal() { REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0); }
    ~Signal() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void give() const {
        const char byte = 'x';
        static_cast<void>(!::write(ends_[1], &byte, 1));
    }
    /// False: it did not come in 20 seconds.
    bool take() const {
        pollfd polled{ends_[0], POLLIN, 0};
        char byte;
        return ::poll(&polled, 1, 20'000) > 0 && ::read(ends_[0], &byte, 1) == 1;
    }
    bool is_given() const {
        pollfd polled{ends_[0], POLLIN, 0};
        return ::poll(&polled, 1, 0) > 0;
    }

  private:
    int ends_[2];
};

/// Keeps a client's socket out of children that are forked from now on: they are copies of the
/// test too, and while they had it, the client could not leave. Ends before the client.
class Hidden {
  public:
    template <class Client>
    explicit Hidden(Client& client) {
        socket_.add(client.stream().fd());
    }

  private:
    ParentOnly socket_;
};

/// A number that children and the test share.
class SharedNumber {
  public:
    SharedNumber()
        : number_(new (::mmap(nullptr, sizeof *number_, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<std::size_t>(0)) {}
    ~SharedNumber() { ::munmap(number_, sizeof *number_); }
    SharedNumber(const SharedNumber&) = delete;
    SharedNumber& operator=(const SharedNumber&) = delete;
    std::atomic<std::size_t>& operator*() const { return *number_; }

  private:
    std::atomic<std::size_t>* number_;
};

/// Waits until the server's loop has made this true.
template <class Condition>
bool comes_true(const ForkingTestServer& server, const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        server.settle();
    }
    return true;
}

inline bool children_end(const ForkingTestServer& server, std::size_t left = 0) {
    return comes_true(server, [&] { return server.server().active_children() == left; });
}

/// Whether this process has no child, running or not reaped.
inline bool no_child_is_left() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// In a child: the packet socket to its parent.
inline int channel() {
    for (int fd = 3; fd < 1000; ++fd) {
        int type = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
            return fd;
    }
    return -1;
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace basehttp
