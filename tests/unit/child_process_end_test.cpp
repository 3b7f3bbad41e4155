// How a child process ends: what is told of it, why it did not start, and who ends it.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "handlers/process/child_process.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

bool exists(int pid) { return ::kill(pid, 0) == 0; }

struct Failure {
    int error = 0;
    std::string text;
};

Failure failure_of(const SpawnRequest& request) {
    try {
        ChildProcess::spawn(request);
    } catch (const std::system_error& failed) {
        return {failed.code().value(), failed.what()};
    }
    return {};
}

}  // namespace

TEST_SUITE("ChildProcess") {
    TEST_CASE("The end of a child tells status, times and memory, once") {
        SpawnRequest request;
        request.program = "/usr/bin/perl";
        request.arguments = {"perl", "-e", "$n = 700 << 20; $a = 'a' x $n; exit 7"};
        CapturedChild run(request);
        const int pid = run.child->pid();
        const ChildEnd end = run.end();
        CHECK(WIFEXITED(end.status));
        CHECK(WEXITSTATUS(end.status) == 7);
        CHECK((end.user + end.system).count() > 0);
        CHECK(end.peak_kib > (700 << 10));
        CHECK_FALSE(run.child->reap().has_value());
        CHECK(run.child->ended());
        CHECK_FALSE(exists(pid));
    }

    TEST_CASE("Memory below our own is not told as the child's") {
        std::vector<char> ours(64u << 20, 'x');
        CapturedChild run(shell("exit 0"));
        CHECK_FALSE(run.end().peak_is_exact);
        CHECK(ours.back() == 'x');
    }

    TEST_CASE("Each step that fails is named, with its reason") {
        const TempDir files;
        const auto executable = [&](const char* name, const char* text) {
            const auto path = files.write(name, text);
            ::chmod(path.c_str(), 0755);
            return path.string();
        };
        const Fd file(::open(files.write("plain", "x").c_str(), O_RDONLY | O_CLOEXEC));
        SpawnRequest fine = shell("exit 0");
        struct Row {
            const char* what;
            SpawnRequest request;
            int error;
        };
        std::array<Row, 8> rows;
        rows.fill({"", fine, 0});
        rows[0].request.program = executable("a", "#!/no/such/interpreter\n");
        rows[1].request.program = executable("b", "no interpreter named\n");
        rows[2].request.program = files.write("c", "#!/bin/sh\n").string();
        rows[3].request.program = (files / "missing").string();
        rows[4].request.directory_path = (files / "gone").string();
        rows[5].request.directory = file.get();
        rows[6].request.sandbox = file.get();
        rows[7].request.cgroup_procs = 12'345;
        constexpr std::pair<const char*, int> expected[] = {
            {"exec", ENOENT},  {"exec", ENOEXEC},  {"exec", EACCES},     {"exec", ENOENT},
            {"chdir", ENOENT}, {"chdir", ENOTDIR}, {"Landlock", EBADFD}, {"cgroup", EBADF}};
        const std::size_t descriptors = open_descriptors();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            CAPTURE(i);
            const Failure failure = failure_of(rows[i].request);
            const bool no_landlock =
                i == 6 && (failure.error == ENOSYS || failure.error == EOPNOTSUPP);
            CHECK((failure.error == expected[i].second || no_landlock));
            CHECK(failure.text.starts_with(expected[i].first));
        }
        CHECK(open_descriptors() == descriptors);
        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no child is left
    }

    TEST_CASE("Many spawns at once leave no descriptor and no zombie") {
        output_of(shell("exit 0"));
        const std::size_t descriptors = open_descriptors();
        std::array<int, 4> right{};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < right.size(); ++i) {
            threads.emplace_back([&right, i] {
                for (int n = 0; n < 50; ++n) {
                    if (output_of(shell("echo $$")).size() > 1) ++right[i];
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(right == std::array<int, 4>{50, 50, 50, 50});
        CHECK(open_descriptors() == descriptors);
        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
        CHECK(errno == ECHILD);
    }

    TEST_CASE("A signal reaches the whole group, and nobody after the end") {
        CapturedChild run(shell("sleep 1000 & sleep 1000 & echo ready; wait"));
        CHECK(read_text_line(run.out.get()) == "ready");
        CHECK_FALSE(run.child->ended());
        CHECK_FALSE(run.child->reap().has_value());
        run.child->signal_group(SIGKILL);
        CHECK(read_to_end(run.out.get()).empty());  // all of them had the pipe open
        CHECK(WTERMSIG(run.end().status) == SIGKILL);
        run.child->signal_group(SIGKILL);
    }

    TEST_CASE("The destructor ends a child") {
        int pid = 0;
        Fd out;
        {
            CapturedChild run(shell("sleep 1000 & echo ready; wait"));
            CHECK(read_text_line(run.out.get()) == "ready");
            pid = run.child->pid();
            out = std::move(run.out);
        }
        CHECK_FALSE(exists(pid));
        CHECK(read_to_end(out.get()).empty());
    }

    TEST_CASE("A child belongs to where it was moved") {
        CapturedChild first(shell("exec sleep 1000"));
        CapturedChild second(shell("exit 3"));
        const int pid = first.child->pid();
        *first.child = std::move(*second.child);
        CHECK_FALSE(exists(pid));
        second.child.reset();
        CHECK(WEXITSTATUS(first.end().status) == 3);
    }

    TEST_CASE("A child dies with the thread that started it") {
        std::optional<CapturedChild> run;
        std::thread([&run] { run.emplace(shell("exec sleep 1000")); }).join();
        CHECK(WTERMSIG(run->end().status) == SIGKILL);
    }
}

}  // namespace basehttp
