#include "handlers/process/process_list.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "handlers/process/running_scripts.hpp"
#include "tests/support/captured_child.hpp"

using namespace std::string_view_literals;

namespace basehttp {

TEST_SUITE("ProcessList") {
    TEST_CASE("A stat line is read whatever the program is called") {
        constexpr std::string_view rest =
            " 40 41 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2\n";
        for (const auto name : {"sh", "a b", "a) S 1 1 1", "(x", ")", "a\nb", ""}) {
            CAPTURE(name);
            const auto stat =
                parse_process_stat("12 (" + std::string(name) + ") S" + std::string(rest));
            REQUIRE(stat.has_value());
            CHECK(stat->pid == 12);
            CHECK(stat->parent == 40);
            CHECK(stat->group == 41);
            CHECK(stat->start == 9876);
            CHECK(stat->alive);
        }
    }

    TEST_CASE("A process lives as long as one of its threads does") {
        struct Row {
            const char* state;
            const char* threads;
            bool alive;
        };
        constexpr Row rows[] = {{"R", "1", true},  {"D", "1", true},  {"T", "1", true},
                                {"Z", "1", false}, {"X", "0", false}, {"Z", "2", true}};
        for (const Row& row : rows) {
            CAPTURE(row.state);
            CAPTURE(row.threads);
            const auto stat =
                parse_process_stat(std::string("12 (sh) ") + row.state +
                                   " 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 " + row.threads + " 0 5 0");
            REQUIRE(stat.has_value());
            CHECK(stat->alive == row.alive);
        }
    }

    TEST_CASE("Text that is no stat line is nothing") {
        for (const auto text :
             {"", "12", "12 (sh)", "12 (sh) S 1 2", "x (sh) S 1 2 3 4 5 6",
              "12 (sh) S one 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0", ") (", "12 ) S (sh) "}) {
            CAPTURE(text);
            CHECK_FALSE(parse_process_stat(text).has_value());
        }
    }

    TEST_CASE("An entry of an environment is found as a whole only") {
        constexpr auto environment = "A=1\0UNIQUE_ID=abc\0B=UNIQUE_ID=xyz\0"sv;
        CHECK(has_entry(environment, "UNIQUE_ID=abc"));
        CHECK(has_entry(environment, "A=1"));
        CHECK_FALSE(has_entry(environment, "UNIQUE_ID=ab"));
        CHECK_FALSE(has_entry(environment, "UNIQUE_ID=abcd"));
        CHECK_FALSE(has_entry(environment, "UNIQUE_ID=xyz"));
        CHECK_FALSE(has_entry("", "UNIQUE_ID=abc"));
    }

    TEST_CASE("This process and its children are seen") {
        const auto self = read_process(::getpid());
        REQUIRE(self.has_value());
        CHECK(self->parent == ::getppid());
        CHECK(self->start <= process_clock());
        CHECK(self->alive);
        CHECK_FALSE(has_no_new_privs(::getpid()));
        CHECK(count_user_tasks() >= 1);

        const std::vector<std::string> environment = {"A=1", "UNIQUE_ID=abc"};
        SpawnRequest request = shell("echo ready; while read line; do :; done");
        request.environment = &environment;
        auto [in, in_write] = test_pipe();
        request.in = in.get();
        CapturedChild run(request);
        in.reset();
        CHECK(read_text_line(run.out.get()) == "ready");
        const int pid = run.child->pid();
        const auto children = main_thread_children();
        CHECK(std::find(children.begin(), children.end(), pid) != children.end());
        const auto all = all_processes();
        CHECK(std::any_of(all.begin(), all.end(), [pid](const ProcessStat& process) {
            return process.pid == pid && process.parent == ::getpid() && process.group == pid;
        }));
        CHECK(has_no_new_privs(pid));
        CHECK(has_entry(read_environment(pid), "UNIQUE_ID=abc"));
        CHECK(running_script(pid).serial != 0);
        CHECK(running_script(pid).start <= read_process(pid)->start);
        in_write.reset();
        run.end();
        CHECK(running_script(pid).serial == 0);
        CHECK_FALSE(read_process(pid).has_value());
        CHECK(read_environment(pid).empty());
    }
}

}  // namespace basehttp
