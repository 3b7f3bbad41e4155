// The processes of one run: found and ended, however they try to get away.
#include "handlers/process/process_tree.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "handlers/process/process_list.hpp"
#include "tests/support/script_runs.hpp"

namespace basehttp {

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
}

}  // namespace basehttp
