// Several runs at once, and whose an orphan is.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "handlers/process/process_list.hpp"
#include "handlers/process/process_tree.hpp"
#include "tests/support/script_runs.hpp"

namespace basehttp {

TEST_SUITE("ProcessTree") {
    TEST_CASE("Orphans of another run are left alone") {
        REQUIRE(become_subreaper());
        TestRun first(orphan(), "first");
        TestRun second(orphan(), "second");
        const int of_first = first.next_pid();
        const int of_second = second.next_pid();
        first.wait_for_script();
        second.wait_for_script();
        CHECK(first.tree->signal_all(SIGKILL) == 0);
        CHECK_FALSE(first.tree->anything_left());
        CHECK(gone(of_first));
        CHECK_FALSE(gone(of_second));
        CHECK(second.tree->anything_left());
        CHECK(second.tree->signal_all(SIGKILL) == 0);
        CHECK(gone(of_second));
    }

    TEST_CASE("An orphan that hid ends with the last run that may have started it") {
        REQUIRE(become_subreaper());
        TestRun other("echo $$; exec sleep 100000", "other");
        other.next_pid();
        TestRun run(hidden_orphan(), "hiding");
        const int pid = run.next_pid();
        run.run->end();
        CHECK_FALSE(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        run.tree.reset();
        CHECK_FALSE(gone(pid));
        CHECK(other.tree->anything_left());
        CHECK(other.tree->signal_all(SIGKILL) == 0);
        CHECK(gone(pid));
    }

    TEST_CASE("A run keeps orphans that hid also when its script is gone") {
        REQUIRE(become_subreaper());
        TestRun other(orphan(), "other");
        other.next_pid();
        TestRun run(hidden_orphan(), "hiding");
        const int pid = run.next_pid();
        other.run->end();
        run.run->end();
        CHECK_FALSE(run.tree->anything_left());
        run.tree.reset();
        CHECK_FALSE(gone(pid));
        CHECK(other.tree->signal_all(SIGKILL) == 0);
        CHECK(gone(pid));
    }

    TEST_CASE("A run that began after an orphan that hid does not keep it") {
        REQUIRE(become_subreaper());
        std::optional<TestRun> run;
        run.emplace(hidden_orphan(), "hiding");
        const int pid = run->next_pid();
        run->run->end();
        // The clock of processes has ticks of 10 ms: the next run is later when it shows so.
        const auto started = read_process(pid)->start;
        for (;;) {
            TestRun later("echo $$; exec sleep 100000", "later");
            const bool is_later = read_process(later.next_pid())->start > started + 1;
            if (!is_later) {
                later.run.reset();
                continue;
            }
            CHECK(run->tree->anything_left());
            CHECK(run->tree->signal_all(SIGKILL) == 0);
            CHECK(gone(pid));
            break;
        }
    }

    TEST_CASE("A process that tells an unknown id has hidden") {
        REQUIRE(become_subreaper());
        TestRun run("(UNIQUE_ID=forged setsid sh -c " + quoted(stay) + " &) &", "true");
        const int pid = run.next_pid();
        run.run->end();
        CHECK(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        CHECK(gone(pid));
    }

    TEST_CASE("Children that are no scripts' are never touched") {
        auto [never, never_write] = test_pipe();
        const int stranger = ::fork();
        if (stranger == 0) {
            char byte;
            static_cast<void>(!::read(never.get(), &byte, 1));
            ::_exit(5);
        }
        REQUIRE(stranger > 0);
        REQUIRE(become_subreaper());
        TestRun run(orphan() + hidden_orphan(), "id6");
        const std::array<int, 2> pids{run.next_pid(), run.next_pid()};
        run.run->end();
        const int later = ::fork();  // as a process that entered our container
        if (later == 0) {
            char byte;
            static_cast<void>(!::read(never.get(), &byte, 1));
            ::_exit(6);
        }
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        for (const int pid : pids) CHECK(gone(pid));
        CHECK_FALSE(gone(stranger));
        CHECK_FALSE(gone(later));
        CHECK_FALSE(run.tree->anything_left());
        never.reset();
        ::kill(stranger, SIGKILL);
        ::kill(later, SIGKILL);
        CHECK(::waitpid(stranger, nullptr, 0) == stranger);
        CHECK(::waitpid(later, nullptr, 0) == later);
        REQUIRE(become_subreaper());
    }

    TEST_CASE("Reaping orphans never takes the status of a script") {
        REQUIRE(become_subreaper());
        std::atomic<bool> done = false;
        std::thread reaper([&done] {
            while (!done) reap_orphans();
        });
        std::array<int, 2> right{};
        std::array<std::thread, 2> threads;
        for (std::size_t i = 0; i < threads.size(); ++i) {
            threads[i] = std::thread([&right, i] {
                for (int n = 0; n < 60; ++n) {
                    CapturedChild run(shell("(: &) & exit 7"));
                    if (WEXITSTATUS(run.end().status) == 7) ++right[i];
                }
            });
        }
        int right_here = 0;  // children of the main thread stand where orphans do
        for (int n = 0; n < 60; ++n) {
            CapturedChild run(shell("(: &) & exit 7"));
            if (WEXITSTATUS(run.end().status) == 7) ++right_here;
        }
        for (auto& thread : threads) thread.join();
        done = true;
        reaper.join();
        CHECK(right == std::array<int, 2>{60, 60});
        CHECK(right_here == 60);
        reap_orphans();
    }

    TEST_CASE("Orphans of scripts from other threads are adopted by the main thread") {
        REQUIRE(become_subreaper());
        std::thread([] {
            TestRun run(orphan(), "id9");
            const int pid = run.next_pid();
            run.run->end();
            const auto children = main_thread_children();
            CHECK(std::find(children.begin(), children.end(), pid) != children.end());
            CHECK(run.tree->anything_left());
            CHECK(run.tree->signal_all(SIGKILL) == 0);
        }).join();
    }
}

}  // namespace basehttp
