#include "server/worker_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <ostream>
#include <set>

using namespace basehttp;

namespace {

/// A task of the pool that blocks until end().
class Blocked {
  public:
    explicit Blocked(WorkerPool& pool) : pool_(pool) {
        while (!pool.run([this] {
            pool_.begin_blocking();
            begun_.count_down();
            release_.wait();
            pool_.end_blocking();
            ended_.count_down();
        }))
            std::this_thread::yield();
        begun_.wait();
    }
    void end() {
        release_.count_down();
        ended_.wait();
    }

  private:
    WorkerPool& pool_;
    std::latch begun_{1}, release_{1}, ended_{1};
};

}  // namespace

TEST_SUITE("WorkerPool") {
    TEST_CASE("Every task runs, on other threads, before join ends") {
        std::atomic<int> count = 0;
        std::atomic<bool> here = false;
        WorkerPool pool(3, 1000);
        const auto caller = std::this_thread::get_id();
        for (int i = 0; i < 500; ++i)
            REQUIRE(pool.run([&] {
                ++count;
                if (std::this_thread::get_id() == caller) here = true;
            }));
        pool.join();
        CHECK(count == 500);
        CHECK_FALSE(here);
    }

    TEST_CASE("As many tasks as threads run at the same time") {
        WorkerPool pool(4, 0);
        std::latch together(4);
        for (int i = 0; i < 4; ++i) REQUIRE(pool.run([&] { together.arrive_and_wait(); }));
        pool.join();  // would wait for ever if they ran one after the other
    }

    TEST_CASE("Tasks wait up to the bound, no more") {
        for (const std::size_t most_waiting : {0u, 1u, 3u}) {
            CAPTURE(most_waiting);
            WorkerPool pool(2, most_waiting);
            std::latch release(1);
            std::atomic<int> ran = 0;
            const auto task = [&] {
                release.wait();
                ++ran;
            };
            int taken = 0;
            while (taken < 100 && pool.run(task)) ++taken;
            CHECK(taken == 2 + static_cast<int>(most_waiting));
            release.count_down();
            pool.join();
            CHECK(ran == taken);
        }
    }

    TEST_CASE("A pool takes tasks again when there is room again") {
        WorkerPool pool(1, 0);
        for (int i = 0; i < 100; ++i) {
            std::latch done(1);
            // The thread that ran the last task may not be back yet.
            while (!pool.run([&] { done.count_down(); })) std::this_thread::yield();
            done.wait();
        }
    }

    TEST_CASE("Threads are started only when they are needed") {
        WorkerPool pool(8, 10);
        std::set<std::thread::id> threads;
        for (int i = 0; i < 3; ++i) {
            std::latch done(1);
            REQUIRE(pool.run([&] {
                threads.insert(std::this_thread::get_id());
                done.count_down();
            }));
            done.wait();
        }
        CHECK(threads.size() <= 3);
        CHECK(threads.count(std::this_thread::get_id()) == 0);
    }

    TEST_CASE("After join a pool takes nothing") {
        WorkerPool pool(2, 10);
        pool.join();
        CHECK_FALSE(pool.run([] {}));
        pool.join();
    }

    TEST_CASE("A pool of no threads has one") {
        WorkerPool pool(0, 1);
        std::latch done(1);
        REQUIRE(pool.run([&] { done.count_down(); }));
        done.wait();
    }

    TEST_CASE("While a task blocks, one more thread runs what waits") {
        WorkerPool pool(1, 1);
        std::latch second_ran(1);
        std::latch first_in(1), may_block(1);
        REQUIRE(pool.run([&] {
            first_in.count_down();
            may_block.wait();
            pool.begin_blocking();
            second_ran.wait();  // for ever, if the second task had to wait for this one
            pool.end_blocking();
        }));
        first_in.wait();
        SUBCASE("what waits already") {
            REQUIRE(pool.run([&] { second_ran.count_down(); }));
            may_block.count_down();
        }
        SUBCASE("what comes later") {
            may_block.count_down();
            while (!pool.run([&] { second_ran.count_down(); })) std::this_thread::yield();
        }
        second_ran.wait();
        pool.join();
    }

    TEST_CASE("A thread that blocks makes room for one task beyond those that may wait") {
        for (const std::size_t most_waiting : {0u, 2u}) {
            CAPTURE(most_waiting);
            WorkerPool pool(1, most_waiting);
            Blocked blocked(pool);
            std::latch release(1), replacement_in(1);
            REQUIRE(pool.run([&] {
                replacement_in.count_down();
                release.wait();
            }));
            replacement_in.wait();
            std::size_t waiting = 0;
            while (waiting < 100 && pool.run([] {})) ++waiting;
            CHECK(waiting == most_waiting);
            release.count_down();
            blocked.end();
            pool.join();
        }
    }

    TEST_CASE("After the blocking as many tasks run at once as before") {
        WorkerPool pool(1, 1);
        for (int round = 0; round < 3; ++round) {
            Blocked blocked(pool);
            std::latch done(1);
            while (!pool.run([&] { done.count_down(); })) std::this_thread::yield();
            done.wait();
            blocked.end();
        }
        std::atomic<int> running = 0, most = 0;
        std::latch done(200);
        for (int i = 0; i < 200; ++i)
            while (!pool.run([&] {
                const int now = ++running;
                if (now > most) most = now;
                std::this_thread::yield();
                --running;
                done.count_down();
            }))
                std::this_thread::yield();
        done.wait();
        CHECK(most == 1);
    }

    TEST_CASE("Many that block, again and again, leave the bound of a pool as it was") {
        WorkerPool pool(2, 100);
        std::latch done(100);
        for (int i = 0; i < 100; ++i)
            REQUIRE(pool.run([&] {
                pool.begin_blocking();
                std::this_thread::yield();
                pool.end_blocking();
                done.count_down();
            }));
        done.wait();
        std::latch release(1);
        int taken = 0;
        for (int tries = 0; tries < 1000 && taken < 102; ++tries) {
            if (pool.run([&] { release.wait(); }))
                ++taken;
            else
                std::this_thread::yield();
        }
        CHECK(taken == 102);
        CHECK_FALSE(pool.run([] {}));
        release.count_down();
    }

    TEST_CASE("A pool that ends lets those that block end, and starts nothing more") {
        WorkerPool pool(1, 5);
        std::latch in(1), ending(1);
        REQUIRE(pool.run([&] {
            in.count_down();
            ending.wait();
            pool.begin_blocking();
            pool.end_blocking();
        }));
        in.wait();
        std::atomic<int> ran = 0;
        REQUIRE(pool.run([&] { ++ran; }));
        std::jthread joining([&] { pool.join(); });
        while (pool.run([&] { ++ran; })) std::this_thread::yield();
        ending.count_down();
        joining.join();
        CHECK(ran >= 1);
    }
}
