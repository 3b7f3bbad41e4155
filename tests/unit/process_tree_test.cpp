#include "handlers/process/process_tree.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <thread>

#include "handlers/process/process_list.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// Not there, or only a zombie.
bool gone(int pid) {
    const auto process = read_process(pid);
    return !process || !process->alive;
}

/// A run of a shell script with UNIQUE_ID in its environment.
struct TestRun {
    TestRun(std::string text, const std::string& id) : environment(with_id(id)) {
        SpawnRequest request = shell(std::move(text));
        request.environment = &environment;
        run.emplace(std::move(request));
        tree.emplace(run->child->pid(), id);
    }

    static std::vector<std::string> with_id(const std::string& id) {
        auto entries = CapturedChild::default_environment();
        entries.push_back("UNIQUE_ID=" + id);
        return entries;
    }

    /// The pid that a process of the run writes as a line.
    int next_pid() const {
        const std::string line = read_text_line(run->out.get());
        int pid = 0;
        std::from_chars(line.data(), line.data() + line.size(), pid);
        REQUIRE(pid > 0);
        return pid;
    }

    /// Waits until the script itself has ended, without reaping it.
    void wait_for_script() const { REQUIRE(wait_readable(run->child->pidfd())); }

    std::vector<std::string> environment;
    std::optional<CapturedChild> run;
    std::optional<ProcessTree> tree;
};

// Processes that leave: each tells its pid when it is ready, then waits for ever on its stdin, a
// FIFO that nobody writes to.
constexpr const char* stay = "trap \"\" TERM HUP; echo $$; exec sleep 100000";

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string orphan() { return "(setsid sh -c " + quoted(stay) + " &) &\n"; }
std::string hidden_orphan() {
    return "(env -i /usr/bin/setsid /bin/sh -c " + quoted(stay) + " &) &\n";
}

}  // namespace

TEST_SUITE("ProcessTree") {
    TEST_CASE("A run without anything left says so, before and after the script was reaped") {
        REQUIRE(become_subreaper());
        TestRun run("exit 4", "id1");
        run.wait_for_script();
        CHECK_FALSE(run.tree->anything_left());
        CHECK(WEXITSTATUS(run.run->end().status) == 4);
        CHECK_FALSE(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGTERM) == 0);
        CHECK(run.tree->signal_all(SIGKILL) == 0);
    }

    TEST_CASE("The script itself is one of its processes") {
        REQUIRE(become_subreaper());
        TestRun run("echo $$; read line < /dev/stdin; exec sleep 100000", "id2");
        run.next_pid();
        CHECK(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGTERM) == 1);
        run.wait_for_script();
        CHECK_FALSE(run.tree->anything_left());
        CHECK(WTERMSIG(run.run->end().status) == SIGTERM);
    }

    TEST_CASE("Descendants that left the group, ignore TERM and hide all end by SIGKILL") {
        REQUIRE(become_subreaper());
        const char* end = nullptr;
        SUBCASE("while the script runs") { end = "wait; exec sleep 100000"; }
        SUBCASE("after the script") { end = "exit 0"; }
        const std::string in_group = "sh -c " + quoted(stay) + " &\n";
        TestRun run(orphan() + hidden_orphan() + in_group + end, "id3");
        std::array<int, 3> pids{run.next_pid(), run.next_pid(), run.next_pid()};
        if (std::string_view(end) == "exit 0") run.wait_for_script();
        CHECK(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGTERM) >= 3);
        CHECK(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        CHECK_FALSE(run.tree->anything_left());
        for (const int pid : pids) CHECK(gone(pid));
        CHECK(read_to_end(run.run->out.get()).empty());  // nobody holds the pipe
        run.run->end();
        reap_orphans();
        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
        CHECK(errno == ECHILD);
    }

    TEST_CASE("Orphans are found after the script was reaped") {
        REQUIRE(become_subreaper());
        TestRun run(orphan() + hidden_orphan(), "id4");
        const std::array<int, 2> pids{run.next_pid(), run.next_pid()};
        run.run->end();
        CHECK(run.tree->anything_left());
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        for (const int pid : pids) CHECK(gone(pid));
        CHECK_FALSE(run.tree->anything_left());
    }

    TEST_CASE("TERM reaches orphans, also stopped ones") {
        REQUIRE(become_subreaper());
        TestRun run("(setsid sh -c 'echo $$; kill -STOP $$; exec sleep 100000' &) &", "id5");
        const int pid = run.next_pid();
        run.run->end();
        REQUIRE(run.tree->anything_left());
        const Fd pidfd(static_cast<int>(::syscall(434, pid, 0)));
        run.tree->signal_all(SIGTERM);
        CHECK(wait_readable(pidfd.get()));
        CHECK_FALSE(run.tree->anything_left());
    }

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

    TEST_CASE("Nothing escapes by forking") {
        REQUIRE(become_subreaper());
        // Each process forks and ends, again and again, 10,000 times at most.
        const char* leave = "";
        SUBCASE("in the script's group") {}
        SUBCASE("in a session of its own") { leave = "setsid;"; }
        SUBCASE("with a new session each time") { leave = "$again = 1; setsid;"; }
        const std::string program =
            std::string("use POSIX; exit if fork; ") + leave +
            " $| = 1; print \"$$\\n\"; for (1 .. 10000) { exit if fork; setsid if $again }";
        TestRun run("exec perl -e " + quoted(program), "id7");
        run.next_pid();
        run.wait_for_script();
        std::size_t left = 1;
        for (int attempt = 0; attempt < 20 && left > 0; ++attempt) {
            left = run.tree->signal_all(SIGKILL);
        }
        CHECK(left == 0);
        CHECK_FALSE(run.tree->anything_left());
        CHECK(read_to_end(run.run->out.get()).empty());
    }

    TEST_CASE("A tree of many processes ends at once") {
        REQUIRE(become_subreaper());
        TestRun run(
            "for i in 1 2 3 4 5; do (for j in 1 2 3 4 5 6; do (trap '' TERM; setsid "
            "sleep 100000 & echo 1; wait) & done; wait) & done; wait",
            "id8");
        for (int i = 0; i < 30; ++i) run.next_pid();
        CHECK(run.tree->signal_all(0) >= 30);
        CHECK(run.tree->signal_all(SIGKILL) == 0);
        run.wait_for_script();
        CHECK(read_to_end(run.run->out.get()).empty());
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
