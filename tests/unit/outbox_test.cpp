#include "server/exchange/outbox.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <atomic>
#include <latch>
#include <memory>
#include <ostream>
#include <thread>

using namespace basehttp;

namespace {

Segment bytes(std::uint64_t count) { return Segment::bytes(std::string(count, 'x')); }

}  // namespace

TEST_SUITE("Outbox") {
    TEST_CASE("Pieces wait until the loop takes them") {
        Outbox outbox;
        SendQueue queue;
        CHECK_FALSE(outbox.take(queue));
        outbox.push(bytes(3));
        CHECK(queue.empty());
        CHECK(outbox.take(queue));
        CHECK_FALSE(queue.empty());
        CHECK_FALSE(outbox.take(queue));
    }

    TEST_CASE("flush wakes the loop, if there is something to send") {
        Outbox outbox;
        int woken = 0;
        outbox.on_flush = [&] { ++woken; };
        outbox.flush();
        CHECK(woken == 0);
        outbox.push(bytes(1));
        CHECK(woken == 0);
        outbox.flush();
        CHECK(woken == 1);
    }

    TEST_CASE("A handler waits at the mark until everything before is sent") {
        Outbox outbox;
        SendQueue queue;
        std::latch at_mark(1);
        std::atomic<bool> through = false;
        outbox.on_flush = [&] { at_mark.count_down(); };
        std::jthread handler([&] {
            outbox.push(bytes(Outbox::mark));  // may be unsent
            outbox.push(bytes(1));             // one too many
            through = true;
        });
        at_mark.wait();
        CHECK_FALSE(through);
        CHECK(outbox.take(queue));
        CHECK_FALSE(through);  // taken, not yet sent
        outbox.drained();
        handler.join();
        CHECK(through);
    }

    TEST_CASE("Regions of files do not count, for they hold no memory") {
        Outbox outbox;
        outbox.on_flush = [] { FAIL("must not wait"); };
        const auto file = std::make_shared<const Fd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        for (int i = 0; i < 10; ++i) outbox.push(Segment::region(file, 0, Outbox::mark));
    }

    TEST_CASE("On the loop's own thread nothing waits") {
        Outbox outbox;
        SendQueue queue;
        int woken = 0;
        outbox.may_wait = false;
        outbox.on_flush = [&] { ++woken; };
        for (int i = 0; i < 5; ++i) outbox.push(bytes(Outbox::mark));
        CHECK(woken == 4);
        CHECK(outbox.take(queue));
    }

    TEST_CASE("cancel ends a wait with BrokenPipe") {
        Outbox outbox;
        std::latch at_mark(1);
        std::atomic<bool> thrown = false;
        outbox.on_flush = [&] { at_mark.count_down(); };
        std::jthread handler([&] {
            try {
                outbox.push(bytes(Outbox::mark + 1));
            } catch (const BrokenPipe&) {
                thrown = true;
            }
        });
        at_mark.wait();
        outbox.cancel();
        handler.join();
        CHECK(thrown);
    }

    TEST_CASE("After cancel every push throws and nothing is left to take") {
        Outbox outbox;
        SendQueue queue;
        outbox.push(bytes(1));
        outbox.cancel();
        CHECK_FALSE(outbox.take(queue));
        CHECK_THROWS_AS(outbox.push(bytes(1)), BrokenPipe);
        outbox.may_wait = false;
        CHECK_THROWS_AS(outbox.push(bytes(1)), BrokenPipe);
        outbox.flush();
    }

    TEST_CASE("Whoever waits for other things too is woken when there is room and at the end") {
        Outbox outbox;
        SendQueue queue;
        int woken = 0;
        outbox.set_wake([&] { ++woken; });
        outbox.push(bytes(1));
        outbox.take(queue);
        CHECK(woken == 0);
        outbox.drained();
        CHECK(woken == 1);
        outbox.cancel();
        CHECK(woken == 2);
    }

    TEST_CASE("After set_wake({}) nobody is woken") {
        Outbox outbox;
        int woken = 0;
        outbox.set_wake([&] { ++woken; });
        outbox.set_wake({});
        outbox.drained();
        outbox.cancel();
        CHECK(woken == 0);
    }

    TEST_CASE("A call of wake that is under way ends before set_wake({}) returns") {
        for (int round = 0; round < 200; ++round) {
            Outbox outbox;
            std::latch begin(2);
            std::jthread loop([&] {
                begin.arrive_and_wait();
                outbox.drained();
                outbox.cancel();
            });
            {
                // Dies before the loop does: a late call would write to what is gone.
                const auto counter = std::make_unique<int>(0);
                outbox.set_wake([&count = *counter] { ++count; });
                begin.arrive_and_wait();
                outbox.set_wake({});
                const int woken = *counter;
                CHECK(woken <= 2);
            }
        }
    }

    TEST_CASE(
        "An outbox is full from half of the mark on, taken bytes included until they are sent") {
        Outbox outbox;
        SendQueue queue;
        CHECK_FALSE(outbox.is_full());
        outbox.push(bytes(Outbox::mark / 2));
        CHECK_FALSE(outbox.is_full());
        outbox.push(bytes(1));
        CHECK(outbox.is_full());
        outbox.take(queue);
        CHECK(outbox.is_full());
        outbox.drained();
        CHECK_FALSE(outbox.is_full());
        const auto file = std::make_shared<const Fd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        outbox.push(Segment::region(file, 0, 10 * Outbox::mark));
        CHECK_FALSE(outbox.is_full());
    }

    TEST_CASE("cancelled tells what a push would find out") {
        Outbox outbox;
        CHECK_FALSE(outbox.cancelled());
        outbox.cancel();
        CHECK(outbox.cancelled());
        outbox.drained();
        CHECK(outbox.cancelled());
    }
}
