#include "handlers/process/cgroup.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "handlers/process/cgroup_files.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// Waits until no process is left, by a cgroup.events file; false after 20 s.
bool empties(int events) {
    while (read_cgroup(events).find("populated 0") == std::string::npos) {
        pollfd poll_fd{events, POLLPRI, 0};
        if (::poll(&poll_fd, 1, 20'000) != 1) return false;
    }
    return true;
}

bool empties(const ScriptCgroups::Leaf& leaf) { return empties(leaf.events()); }

/// A cgroup for one test, below the root of the mount. Its path is empty without cgroup2.
class TestCgroup {
  public:
    TestCgroup() {
        for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
            static int made = 0;
            const std::string path = std::string(mount) + "/basehttp-test-" +
                                     std::to_string(::getpid()) + "-" + std::to_string(++made);
            if (::access((std::string(mount) + "/cgroup.procs").c_str(), F_OK) != 0) continue;
            if (::mkdir(path.c_str(), 0755) == 0) path_ = path;
        }
        if (path_.empty()) std::puts("SKIPPED: no cgroup2 that we may write to");
    }
    ~TestCgroup() {
        if (path_.empty()) return;
        const Fd events(::open((path_ + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
        CHECK(empties(events.get()));
        remove_cgroup(path_);
        CHECK_FALSE(std::filesystem::exists(path_));
    }
    TestCgroup(const TestCgroup&) = delete;
    TestCgroup& operator=(const TestCgroup&) = delete;

    std::unique_ptr<ScriptCgroups> divide() const {
        std::string why_not;
        auto cgroups = ScriptCgroups::find(why_not, path_);
        CAPTURE(why_not);
        REQUIRE(cgroups);
        return cgroups;
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

SpawnRequest in_leaf(const ScriptCgroups::Leaf& leaf, std::string text) {
    SpawnRequest request = shell(std::move(text));
    request.cgroup = leaf.directory();
    request.cgroup_procs = leaf.procs();
    return request;
}

/// Two processes that ignore TERM; one has left the group and the script. Each prints a line.
constexpr const char* stubborn =
    "(setsid sh -c 'trap \"\" TERM; echo ready; exec sleep 100000' &) & trap '' TERM; echo ready; "
    "exec sleep 100000";

std::string leaf_name(int number) {
    return "/script-" + std::to_string(::getpid()) + "-" + std::to_string(number);
}

}  // namespace

TEST_SUITE("ScriptCgroups") {
    TEST_CASE("The directory of a cgroup is found through the mount") {
        struct Row {
            const char* cgroup;
            const char* mountinfo;
            const char* directory;
        };
        constexpr const char* plain =
            "23 1 0:5 / /proc rw - proc proc rw\n"
            "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        constexpr const char* hybrid =
            "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
            "32 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        constexpr const char* bound = "31 23 0:28 /a.slice /cg\\040x rw - cgroup2 cgroup2 rw";
        constexpr Row rows[] = {
            {"0::/a.slice/b.service\n", plain, "/sys/fs/cgroup/a.slice/b.service"},
            {"0::/\n", plain, "/sys/fs/cgroup"},
            {"4:cpu:/x\n0::/y\n", hybrid, "/sys/fs/cgroup/unified/y"},
            {"0::/a.slice/b\n", bound, "/cg x/b"},
            {"0::/a.slice\n", bound, "/cg x"},
            {"0::/a.slices\n", bound, ""},
            {"0::/../other\n", plain, ""},
            {"4:cpu:/x\n", plain, ""},
            {"0::/a\n", "23 1 0:5 / /proc rw - proc proc rw\n", ""},
            {"", "", ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.cgroup);
            CAPTURE(row.mountinfo);
            CHECK(cgroup_directory(row.cgroup, row.mountinfo) == row.directory);
        }
    }

    TEST_CASE("A word of a list is found as a whole") {
        CHECK(has_word("cpu memory pids\n", "memory"));
        CHECK(has_word("cpu memory pids\n", "pids"));
        CHECK_FALSE(has_word("cpu memory.x\n", "memory"));
        CHECK_FALSE(has_word("", "memory"));
    }

    TEST_CASE("Nothing is divided that was not delegated to us") {
        std::string why_not;
        const TempDir directory;
        CHECK(ScriptCgroups::find(why_not, directory.str()) == nullptr);
        CHECK(why_not == directory.str() + " is no cgroup that we may divide");
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const std::string root = cgroup.path().substr(0, cgroup.path().rfind('/'));
        CHECK(ScriptCgroups::find(why_not, root) == nullptr);
        CHECK(why_not == root + " is no cgroup that we may divide");
        if (own_cgroup() != root) return;  // this machine runs tests in the root cgroup
        CHECK(ScriptCgroups::find(why_not) == nullptr);
        CHECK(why_not == root + " is not delegated to us (systemd: Delegate=yes)");
    }

    TEST_CASE("A process divides the cgroup that was delegated to it and moves into \"server\"") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const bool delegated = ::setxattr(cgroup.path().c_str(), "user.delegate", "1", 1, 0) == 0;
        if (!delegated) {
            std::puts("SKIPPED: no extended attributes of cgroups");
            return;
        }
        const int child = ::fork();
        if (child == 0) {
            std::string why_not;
            if (!write_cgroup(AT_FDCWD, cgroup.path() + "/cgroup.procs", "0")) ::_exit(1);
            const auto first = ScriptCgroups::find(why_not);
            if (!first || first->path() != cgroup.path()) ::_exit(2);
            if (own_cgroup() != cgroup.path() + "/server") ::_exit(3);
            const auto again = ScriptCgroups::find(why_not);  // as with DelegateSubgroup=server
            if (!again || again->path() != cgroup.path()) ::_exit(4);
            ::_exit(0);
        }
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WEXITSTATUS(status) == 0);
    }

    TEST_CASE("A script starts in its leaf, with either way of putting it there") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto cgroups = cgroup.divide();
        for (const bool at_birth : {true, false}) {
            CAPTURE(at_birth);
            auto leaf = cgroups->take();
            SpawnRequest request = in_leaf(leaf, "grep 0:: /proc/$$/cgroup; :");
            if (!at_birth) request.cgroup = -1;
            CHECK(leaf.empty());
            const std::string name = output_of(request);
            CHECK(name.starts_with("0::/"));
            CHECK(name.ends_with(leaf_name(1) + "\n"));
            CHECK(empties(leaf));
        }
    }

    TEST_CASE("Kill ends all in a leaf, also what left the group and ignores TERM") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto cgroups = cgroup.divide();
        for (const bool one_by_one : {false, true}) {  // true: as before Linux 5.14
            CAPTURE(one_by_one);
            auto leaf = cgroups->take();
            CapturedChild run(in_leaf(leaf, stubborn));
            CHECK(read_text_line(run.out.get()) == "ready");
            CHECK(read_text_line(run.out.get()) == "ready");
            CHECK_FALSE(leaf.empty());
            leaf.signal_all(SIGTERM);
            CHECK_FALSE(leaf.empty());
            if (one_by_one) {
                LeafFiles::make(cgroup.path() + leaf_name(2))->kill_one_by_one();
            } else {
                leaf.kill();
            }
            CHECK(read_to_end(run.out.get()).empty());  // nobody holds the pipe
            CHECK(WTERMSIG(run.end().status) == SIGKILL);
            CHECK(empties(leaf));
        }
    }

    TEST_CASE("Signals reach every process of a leaf") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto cgroups = cgroup.divide();
        auto leaf = cgroups->take();
        CapturedChild run(in_leaf(leaf,
                                  "(setsid sh -c 'echo ready; exec sleep 100000' &) &"
                                  "echo ready; exec sleep 100000"));
        CHECK(read_text_line(run.out.get()) == "ready");
        CHECK(read_text_line(run.out.get()) == "ready");
        leaf.signal_all(SIGTERM);
        CHECK(read_to_end(run.out.get()).empty());
        CHECK(WTERMSIG(run.end().status) == SIGTERM);
    }

    TEST_CASE("Leaves are used again, when they are empty, and removed at the end") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto leaf_path = [&](int n) { return cgroup.path() + leaf_name(n); };
        {
            const auto cgroups = cgroup.divide();
            for (int i = 0; i < 3; ++i) {
                auto leaf = cgroups->take();
                output_of(in_leaf(leaf, "exit 0"));
                CHECK(empties(leaf));
            }
            CHECK(std::filesystem::exists(leaf_path(1)));
            CHECK_FALSE(std::filesystem::exists(leaf_path(2)));
            CapturedChild run(shell("exit 0"));
            {
                auto first = cgroups->take();
                auto second = cgroups->take();
                run = CapturedChild(in_leaf(second, stubborn));
                CHECK(read_text_line(run.out.get()) == "ready");
                CHECK(read_text_line(run.out.get()) == "ready");
            }  // the leaf kills
            CHECK(read_to_end(run.out.get()).empty());
            CHECK(WTERMSIG(run.end().status) == SIGKILL);
            // Neither is used again after that: kernels kill what starts in it.
            CHECK(output_of(in_leaf(cgroups->take(), "echo $$")) != "");
            CHECK(output_of(in_leaf(cgroups->take(), "echo $$")) != "");
        }
        CHECK_FALSE(std::filesystem::exists(leaf_path(1)));
        CHECK_FALSE(std::filesystem::exists(leaf_path(2)));
    }

    TEST_CASE("A leaf that somebody left in use is not used") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto before = LeafFiles::make(cgroup.path() + leaf_name(1));
        SpawnRequest request = shell("echo ready; mkdir below; exec sleep 100000");
        request.directory_path = before->path;
        request.cgroup = before->directory.get();
        request.cgroup_procs = before->procs.get();
        CapturedChild old(request);
        CHECK(read_text_line(old.out.get()) == "ready");
        const auto cgroups = cgroup.divide();
        auto leaf = cgroups->take();
        CHECK(
            output_of(in_leaf(leaf, "grep 0:: /proc/$$/cgroup; :")).ends_with(leaf_name(2) + "\n"));
        CHECK(WTERMSIG(old.end().status) == SIGKILL);
    }

    TEST_CASE("Limits that no controller holds come back") {
        const TestCgroup cgroup;
        if (cgroup.path().empty()) return;
        const auto cgroups = cgroup.divide();
        const auto leaf = cgroups->take();
        ScriptLimits limits;
        limits.memory = 64u << 20;
        limits.processes = 9;
        limits.cpu = std::chrono::seconds(3);
        const ScriptLimits left = leaf.set(limits);
        CHECK(left.cpu == limits.cpu);
        CHECK(left.memory == (cgroups->has_memory() ? 0 : limits.memory));
        CHECK(left.processes == (cgroups->has_pids() ? 0 : limits.processes));
        if (!cgroups->has_memory()) std::puts("SKIPPED: no memory controller for cgroup2");
        if (!cgroups->has_pids()) std::puts("SKIPPED: no pids controller for cgroup2");
    }
}

}  // namespace basehttp
