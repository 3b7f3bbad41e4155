// Children made by fork(), and what they must not hold.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <ostream>
#include <stdexcept>

#include "server/forking/forked_process.hpp"
#include "server/forking/parent_only.hpp"

using namespace basehttp;

namespace {

using Kind = ProcessEnd::Kind;

/// Waits for its pidfd, then reaps.
ProcessEnd end_of(ForkedProcess& process) {
    pollfd polled{process.pidfd(), POLLIN, 0};
    REQUIRE(::poll(&polled, 1, 20'000) == 1);
    const auto end = process.reap();
    REQUIRE(end);
    return *end;
}

struct Pipe {
    Fd in, out;
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        in.reset(ends[0]);
        out.reset(ends[1]);
    }
    char read() const {
        char byte = '\0';
        return ::read(in.get(), &byte, 1) == 1 ? byte : '\0';
    }
    void write(char byte) const { static_cast<void>(!::write(out.get(), &byte, 1)); }
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

void on_signal(int) {}

}  // namespace

TEST_SUITE("ForkedProcess") {
    TEST_CASE("A child runs its body, ends well and is reaped once") {
        const Pipe pipe;
        ForkedProcess process([&] { pipe.write('x'); });
        CHECK(pipe.read() == 'x');
        CHECK(end_of(process).is_good());
        CHECK_FALSE(process.reap());
        CHECK(::waitpid(process.pid(), nullptr, WNOHANG) == -1);
    }

    TEST_CASE("A child that runs is not reaped, and its end says how it came") {
        struct Case {
            void (*body)();
            const char* text;
        };
        const Case cases[] = {
            {[] { ::_exit(7); }, "ended with exit status 7"},
            {[] { ::raise(SIGKILL); }, "ended by signal 9 (Killed)"},
            {[] { throw std::runtime_error("not the parent's"); }, "ended with exit status 1"},
        };
        for (const Case& c : cases) {
            CAPTURE(c.text);
            const Pipe pipe;
            ForkedProcess process([&] {
                pipe.read();
                c.body();
            });
            CHECK_FALSE(process.reap());
            pipe.write('x');
            CHECK(end_of(process).text() == c.text);
        }
        CHECK(ProcessEnd{Kind::signalled, 300}.text() == "ended by signal 300");
        CHECK(ProcessEnd{}.text() == "ended, nobody knows how");
    }

    TEST_CASE("A child whose status somebody else took has ended all the same") {
        ForkedProcess process([] {});
        ::waitpid(process.pid(), nullptr, 0);
        CHECK(end_of(process).kind == Kind::unknown);
    }

    TEST_CASE("A child has signals at their default and none blocked, as after exec") {
        struct sigaction handled {
        }, before{};
        handled.sa_handler = on_signal;
        ::sigaction(SIGUSR1, &handled, &before);
        struct sigaction ignored {};
        ignored.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &ignored, nullptr);
        const Pipe pipe;
        ForkedProcess process([&] {
            struct sigaction usr1 {
            }, pipe_action{};
            ::sigaction(SIGUSR1, nullptr, &usr1);
            ::sigaction(SIGPIPE, nullptr, &pipe_action);
            sigset_t blocked;
            ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
            const bool good = usr1.sa_handler == SIG_DFL && pipe_action.sa_handler == SIG_IGN &&
                              ::sigismember(&blocked, SIGTERM) == 0;
            pipe.write(good ? 'y' : 'n');
        });
        ::sigaction(SIGUSR1, &before, nullptr);
        CHECK(pipe.read() == 'y');
        sigset_t blocked;
        ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
        CHECK(::sigismember(&blocked, SIGTERM) == 0);
        CHECK(end_of(process).is_good());
    }

    TEST_CASE("A signal reaches the child's process group, which is its own") {
        const Pipe alive;
        ForkedProcess process([&] {
            if (::fork() == 0) alive.write('x');
            for (;;) ::pause();
        });
        CHECK(alive.read() == 'x');
        CHECK(::getpgid(process.pid()) == process.pid());
        process.signal(SIGTERM);
        CHECK(end_of(process).number == SIGTERM);
    }

    TEST_CASE("The destructor ends a child that runs") {
        int pid = 0;
        {
            const ForkedProcess process([] {
                for (;;) ::pause();
            });
            pid = process.pid();
        }
        CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
        CHECK(errno == ECHILD);
    }
}

TEST_SUITE("ParentOnly") {
    TEST_CASE("A child closes what any owner has, and nothing else") {
        const Pipe first, second, third, answer;
        ParentOnly one, two;
        one.add(first.in.get());
        two.add(first.in.get());
        two.add(second.in.get());
        two.remove(first.in.get());
        two.remove(second.in.get());
        one.add(third.in.get());
        {
            ParentOnly gone;
            gone.add(third.out.get());
            gone.add(-1);
            gone.add(ParentOnly::most);
            gone.remove(-1);
            gone.remove(12'345);
        }
        ForkedProcess process([&] {
            ParentOnly::close_all();
            const bool good = !is_open(first.in.get()) && is_open(second.in.get()) &&
                              !is_open(third.in.get()) && is_open(third.out.get());
            answer.write(good ? 'y' : 'n');
        });
        CHECK(answer.read() == 'y');
        CHECK(is_open(first.in.get()));
    }

    TEST_CASE("An owner that is cleared has nothing left") {
        const Pipe pipe, answer;
        ParentOnly owner;
        owner.add(pipe.in.get());
        owner.add(pipe.in.get());  // once is enough
        owner.clear();
        ForkedProcess process([&] {
            ParentOnly::close_all();
            answer.write(is_open(pipe.in.get()) ? 'y' : 'n');
        });
        CHECK(answer.read() == 'y');
    }
}
