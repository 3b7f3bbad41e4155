// What a forked child must not do as its parent does: make the same ids, print the same text.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <set>
#include <string>
#include <system_error>

#include "server/exchange/request_id.hpp"
#include "server/forking/forked_process.hpp"

using namespace basehttp;

namespace {

/// What `make` returns in a child.
std::string from_child(std::string (*make)()) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Fd in(ends[0]), out(ends[1]);
    const ForkedProcess process([&] {
        const std::string text = make();
        static_cast<void>(!::write(out.get(), text.data(), text.size()));
    });
    std::array<char, 100> buffer;
    const ssize_t size = ::read(in.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

}  // namespace

TEST_SUITE("ForkedProcess") {
    TEST_CASE("A child makes other request ids than its parent and its siblings") {
        std::set<std::string> ids{make_request_id()};
        for (int i = 0; i < 3; ++i) ids.insert(from_child(make_request_id));
        ids.insert(make_request_id());
        CHECK(ids.size() == 5);
    }

    TEST_CASE("What the parent has printed is not printed again by a child that flushes") {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const Fd in(ends[0]);
        Fd out(ends[1]);
        std::fflush(stdout);
        const Fd before(::dup(STDOUT_FILENO));
        ::dup2(out.get(), STDOUT_FILENO);
        std::fputs("once", stdout);
        {
            ForkedProcess process([] { std::fflush(stdout); });
            pollfd polled{process.pidfd(), POLLIN, 0};
            ::poll(&polled, 1, 20'000);
        }
        std::fflush(stdout);
        ::dup2(before.get(), STDOUT_FILENO);
        out.reset();
        std::array<char, 100> buffer;
        const ssize_t size = ::read(in.get(), buffer.data(), buffer.size());
        CHECK(std::string(buffer.data(), static_cast<std::size_t>(size)) == "once");
    }

    TEST_CASE("A child blocks SIGPIPE alone") {
        CHECK(from_child([] {
                  std::string blocked;
                  sigset_t mask;
                  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
                  for (int number = 1; number < SIGRTMAX; ++number)
                      if (::sigismember(&mask, number) == 1)
                          blocked += std::to_string(number) + " ";
                  return blocked;
              }) == std::to_string(SIGPIPE) + " ");
    }

    TEST_CASE("A body does not start when there is no descriptor to wait for its child") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: UBSan, which is on with ASan, needs descriptors to look at objects");
        return;
#endif
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const Fd in(ends[0]);
        Fd out(ends[1]), last(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        rlimit few = before;
        few.rlim_cur = static_cast<rlim_t>(last.get()) + 1;  // room for the gate, not for the pidfd
        last.reset();
        ::setrlimit(RLIMIT_NOFILE, &few);
        CHECK_THROWS_AS(ForkedProcess([&] { static_cast<void>(!::write(out.get(), "x", 1)); }),
                        std::system_error);
        ::setrlimit(RLIMIT_NOFILE, &before);
        out.reset();
        char byte;
        CHECK(::read(in.get(), &byte, 1) == 0);
    }
}
