#include "server/exchange/outbox.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <atomic>
#include <latch>
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
}
