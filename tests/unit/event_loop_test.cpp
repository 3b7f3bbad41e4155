#include "server/event_loop.hpp"

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>

#include "tests/support/manual_clock.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

struct Counting final : Watcher {
    std::uint32_t last = 0;
    int events = 0;
    void on_event(std::uint32_t bits) override {
        last = bits;
        ++events;
    }
};

struct Pipe {
    Fd reader, writer;
    Pipe() {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        reader.reset(pipe[0]);
        writer.reset(pipe[1]);
    }
    void write() const { REQUIRE(::write(writer.get(), "x", 1) == 1); }
};

}  // namespace

TEST_SUITE("EventLoop") {
    TEST_CASE("Posted tasks run in order on the loop's thread") {
        EventLoop loop;
        std::string order;
        std::thread::id ran_on;
        loop.post([&] { order += 'a'; });
        loop.post([&] {
            order += 'b';
            loop.post([&] { order += 'd'; });
        });
        loop.post([&] {
            order += 'c';
            ran_on = std::this_thread::get_id();
        });
        loop.run_once(0ms);
        loop.run_once(0ms);
        CHECK(order == "abcd");
        CHECK(ran_on == std::this_thread::get_id());
    }

    TEST_CASE("A post from another thread wakes the loop, and stop ends it after earlier posts") {
        EventLoop loop;
        int ran = 0;
        std::thread other([&] {
            for (int i = 0; i < 1000; ++i) loop.post([&] { ++ran; });
            loop.stop();
        });
        loop.run();
        other.join();
        CHECK(ran == 1000);
    }

    TEST_CASE("A loop that was stopped can run again") {
        EventLoop loop;
        for (int round = 0; round < 3; ++round) {
            int ran = 0;
            loop.post([&] { ++ran; });
            loop.stop();
            loop.run();
            CHECK(ran == 1);
        }
    }

    TEST_CASE("A stop after the stop does not end the next run") {
        EventLoop loop;
        loop.post([&] {
            loop.stop();
            loop.post([&] { loop.stop(); });
        });
        loop.run();
        bool ran = false;
        loop.post([&] { loop.post([&] { loop.post([&] { ran = true; }); }); });
        loop.post([&] { loop.post([&] { loop.post([&] { loop.post([&] { loop.stop(); }); }); }); });
        loop.run();
        CHECK(ran);
    }

    TEST_CASE("A watcher is told what happened, until it is unwatched") {
        EventLoop loop;
        Pipe pipe;
        Counting watcher;
        loop.watch(pipe.reader.get(), EPOLLIN | EPOLLET, watcher);
        loop.run_once(0ms);
        CHECK(watcher.events == 0);
        pipe.write();
        loop.run_once(0ms);
        CHECK(watcher.events == 1);
        CHECK(watcher.last == EPOLLIN);
        loop.run_once(0ms);
        CHECK(watcher.events == 1);  // edges, not levels
        pipe.writer.reset();
        loop.run_once(0ms);
        CHECK((watcher.last & EPOLLHUP) != 0);
        loop.unwatch(pipe.reader.get());
        loop.run_once(0ms);
        CHECK(watcher.events == 2);
    }

    TEST_CASE("A descriptor that cannot be watched is an error") {
        EventLoop loop;
        Counting watcher;
        CHECK_THROWS_AS(loop.watch(-1, EPOLLIN, watcher), std::system_error);
    }

    TEST_CASE("The tick comes once a second of the clock") {
        ManualClock clock;
        EventLoop loop(clock);
        int ticks = 0;
        loop.on_tick = [&] { ++ticks; };
        const auto wake = [&] {
            loop.post([] {});
            loop.run_once(0ms);
        };
        wake();
        CHECK(ticks == 0);
        clock.advance(999ms);
        wake();
        CHECK(ticks == 0);
        clock.advance(1ms);
        wake();
        wake();
        CHECK(ticks == 1);
        clock.advance(10s);
        wake();
        wake();
        CHECK(ticks == 2);
    }

    TEST_CASE("The idle call comes once after each request, when nothing is ready") {
        EventLoop loop;
        int idle = 0;
        loop.on_idle = [&] { ++idle; };
        loop.run_once(0ms);
        CHECK(idle == 0);
        loop.request_idle();
        loop.post([&] { CHECK(idle == 0); });
        loop.run_once(0ms);
        loop.run_once(0ms);
        loop.run_once(0ms);
        CHECK(idle == 1);
    }

    TEST_CASE("Time and Date are those of the last wake-up") {
        ManualClock clock;
        EventLoop loop(clock);
        const auto begun = loop.now();
        CHECK(loop.wall_time() == 1'800'000'001);
        CHECK(loop.date() == "Fri, 15 Jan 2027 08:00:01 GMT");
        clock.advance(61s);
        CHECK(loop.now() == begun);
        loop.post([] {});
        loop.run_once(0ms);
        CHECK(loop.now() == begun + 61s);
        CHECK(loop.date() == "Fri, 15 Jan 2027 08:01:02 GMT");
    }
}
