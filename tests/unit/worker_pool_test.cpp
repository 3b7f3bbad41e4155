#include "server/worker_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <ostream>
#include <set>

using namespace basehttp;

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
}
