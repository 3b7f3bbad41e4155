// What a child process begins with: descriptors, directory, environment, signals, limits.
#include "handlers/process/child_process.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "handlers/process/process_list.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// Writes what the descriptors are into the file "names".
constexpr const char* tell_names =
    "names=$(for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done); echo \"$names\" > names";

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
}

}  // namespace basehttp
