#include "handlers/process/child_process.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "handlers/process/process_list.hpp"
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

/// Writes what the descriptors are into the file "names".
constexpr const char* tell_names =
    "names=$(for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done); echo \"$names\" > names";

bool exists(int pid) { return ::kill(pid, 0) == 0; }

/// 0, 1 and 2 of the test itself become three files until the end.
class StandardFiles {
  public:
    explicit StandardFiles(const TempDir& files) {
        for (int fd = 0; fd < 3; ++fd) {
            const auto path = files.write(std::to_string(fd), "");
            saved_[fd] = Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 10));
            const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
            ::dup2(file.get(), fd);
        }
    }
    ~StandardFiles() {
        for (int fd = 0; fd < 3; ++fd) ::dup2(saved_[fd].get(), fd);
    }
    StandardFiles(const StandardFiles&) = delete;
    StandardFiles& operator=(const StandardFiles&) = delete;

  private:
    Fd saved_[3];
};

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
    TEST_CASE("A child inherits the descriptors 0, 1 and 2 only") {
        const Fd inherited(::open("/dev/null", O_RDONLY));  // not close-on-exec
        CHECK(output_of(shell("ls /proc/$$/fd; :")) == "0\n1\n2\n");
    }

    TEST_CASE("A child gets its descriptors whatever numbers they have") {
        struct Row {
            int in, out, err;
        };
        constexpr Row rows[] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1},
                                {1, 1, 1}, {0, 2, 1}, {2, 2, 0}};
        const TempDir files;
        for (const Row& row : rows) {
            CAPTURE(row.in);
            CAPTURE(row.out);
            CAPTURE(row.err);
            SpawnRequest request = shell(tell_names);
            request.directory_path = files.str();
            request.environment = &CapturedChild::default_environment();
            request.in = row.in;
            request.out = row.out;
            request.err = row.err;
            std::optional<ChildEnd> end;
            {
                const StandardFiles standard(files);
                auto child = ChildProcess::spawn(request);
                if (wait_readable(child.pidfd())) end = child.reap();
            }
            REQUIRE(end.has_value());
            const auto path = [&](int fd) { return (files / std::to_string(fd)).string() + "\n"; };
            const Fd names(::open((files / "names").c_str(), O_RDONLY | O_CLOEXEC));
            CHECK(read_to_end(names.get()) == path(row.in) + path(row.out) + path(row.err));
        }
    }

    TEST_CASE("Descriptors that are not given are /dev/null") {
        const TempDir files;
        SpawnRequest request = shell(tell_names);
        request.directory_path = files.str();
        request.environment = &CapturedChild::default_environment();
        auto child = ChildProcess::spawn(request);
        REQUIRE(wait_readable(child.pidfd()));
        const Fd names(::open((files / "names").c_str(), O_RDONLY | O_CLOEXEC));
        CHECK(read_to_end(names.get()) == "/dev/null\n/dev/null\n/dev/null\n");
    }

    TEST_CASE("A child works in its directory") {
        const TempDir files;
        const Fd directory(::open(files.str().c_str(), O_PATH | O_CLOEXEC));
        SpawnRequest request = shell("pwd");
        SUBCASE("by descriptor") { request.directory = directory.get(); }
        SUBCASE("by path") { request.directory_path = files.str(); }
        CHECK(output_of(request) == files.str() + "\n");
    }

    TEST_CASE("A child has exactly the environment and the arguments that it is given") {
        const std::vector<std::string> environment = {"A=1", "EMPTY=", "B=two words"};
        SpawnRequest request;
        request.program = "/usr/bin/env";
        request.environment = &environment;
        CHECK(output_of(request) == "A=1\nEMPTY=\nB=two words\n");

        request.program = "/usr/bin/printf";
        request.arguments = {"other name", "<%s>", "", "a b", "-x"};
        CHECK(output_of(request) == "<><a b><-x>");
    }

    TEST_CASE("Signals of a child are at default, whatever they are for us") {
        const auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
        const auto old_hup = ::signal(SIGHUP, SIG_IGN);
        const auto old_usr1 = ::signal(SIGUSR1, [](int) {});
        sigset_t blocked, old;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR2);
        ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
        SpawnRequest request;
        request.program = "/bin/grep";
        request.arguments = {"grep", "^Sig[BI]", "/proc/self/status"};
        CHECK(output_of(request) == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
        sigset_t now;
        ::pthread_sigmask(SIG_SETMASK, &old, &now);
        CHECK(sigismember(&now, SIGUSR2) == 1);
        CHECK(sigismember(&now, SIGTERM) == 0);
        ::signal(SIGPIPE, old_pipe);
        ::signal(SIGHUP, old_hup);
        ::signal(SIGUSR1, old_usr1);
    }

    TEST_CASE("A child leads a process group of its own and is ours") {
        CapturedChild run(shell("cat /proc/$$/stat; :"));
        const auto stat = parse_process_stat(read_to_end(run.out.get()));
        REQUIRE(stat.has_value());
        CHECK(stat->pid == run.child->pid());
        CHECK(stat->group == stat->pid);
        CHECK(stat->parent == ::getpid());
        run.end();
    }

    TEST_CASE("A child cannot gain privileges by exec") {
        CHECK(output_of(shell("grep NoNewPrivs /proc/self/status")) == "NoNewPrivs:\t1\n");
    }

    TEST_CASE("Limits hold for the child and not for us") {
        rlimit before{}, after{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        SpawnRequest request = shell("ulimit -c; ulimit -Sn; ulimit -St; ulimit -Ht; ulimit -Hd");
        request.limits.cpu = std::chrono::seconds(77);
        request.limits.memory = 300u << 20;
        const auto descriptors = std::to_string(std::min<rlim_t>(1024, before.rlim_max));
        CHECK(output_of(request) == "0\n" + descriptors + "\n77\n78\n307200\n");
        ::getrlimit(RLIMIT_NOFILE, &after);
        CHECK(after.rlim_cur == before.rlim_cur);
    }

    TEST_CASE("The limit of processes is above what our user runs already") {
        SpawnRequest request = shell("grep processes /proc/self/limits");
        request.limits.processes = 5;
        const std::string line = output_of(request);
        const std::size_t digit = line.find_first_of("0123456789");
        REQUIRE(digit != line.npos);
        CHECK(std::stoul(line.substr(digit)) >= 6);
        CHECK(std::stoul(line.substr(digit)) < count_user_tasks() + 1'000);
    }

    TEST_CASE("A program that needs more memory than it may have fails by itself") {
        SpawnRequest request;
        request.program = "/usr/bin/perl";
        request.arguments = {"perl", "-e",
                             "$| = 1; print 'x'; $n = 400 << 20; $a = 'a' x $n; print 'y'"};
        request.limits.memory = 200u << 20;
        CapturedChild run(request);
        const std::string text = read_to_end(run.out.get());
        CHECK(text.starts_with("x"));
        CHECK_FALSE(text.ends_with("y"));
        CHECK(run.end().status != 0);
    }

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
