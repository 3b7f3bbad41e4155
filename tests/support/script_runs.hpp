// Runs of shell scripts as ProcessTree sees them, and descendants that try to get away.
#pragma once

#include <doctest/doctest.h>

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "handlers/process/process_list.hpp"
#include "handlers/process/process_tree.hpp"
#include "tests/support/captured_child.hpp"

namespace basehttp {

/// Not there, or only a zombie.
inline bool gone(int pid) {
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
inline constexpr const char* stay = "trap \"\" TERM HUP; echo $$; exec sleep 100000";

inline std::string quoted(const std::string& text) { return "'" + text + "'"; }

inline std::string orphan() { return "(setsid sh -c " + quoted(stay) + " &) &\n"; }
inline std::string hidden_orphan() {
    return "(env -i /usr/bin/setsid /bin/sh -c " + quoted(stay) + " &) &\n";
}

}  // namespace basehttp
