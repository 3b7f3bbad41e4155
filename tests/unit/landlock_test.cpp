#include "handlers/process/landlock.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// 0, or the errno of opening a file.
int open_error(const std::string& path, int flags) {
    const Fd file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    return file ? 0 : errno;
}

/// Landlock holds threads: this one ends with the test.
void on_confined_thread(const LandlockRuleset& ruleset, const std::function<void()>& work) {
    std::thread([&] {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        ruleset.enter();
        work();
    }).join();
}

bool usable() {
    if (landlock::abi() > 0) return true;
    std::puts("SKIPPED: the kernel lacks Landlock");
    return false;
}

}  // namespace

TEST_SUITE("LandlockRuleset") {
    TEST_CASE("A thread keeps the rights of the rules and no others, with every version") {
        if (!usable()) return;
        const TempDir files;
        files.write("open/page", "page");
        files.write("closed/secret", "canary");
        files.mkdir("log");
        const std::string page = files / "open/page", secret = files / "closed/secret";
        const std::string log = files / "log/new", link = files / "open/link";
        std::filesystem::create_symlink(secret, link);
        for (int abi = 1; abi <= landlock::abi(); ++abi) {
            CAPTURE(abi);
            std::filesystem::remove(log);
            LandlockRuleset ruleset(abi, {landlock::connect_tcp, 0});
            CHECK(ruleset.allow(files / "open", landlock::read_file | landlock::read_directory));
            CHECK(ruleset.allow(files / "log", landlock::write_file | landlock::make_regular));
            CHECK_FALSE(ruleset.allow(files / "missing", landlock::read_file));
            on_confined_thread(ruleset, [&] {
                CHECK(open_error(page, O_RDONLY) == 0);
                CHECK(open_error(files / "open", O_RDONLY | O_DIRECTORY) == 0);
                CHECK(open_error(page, O_WRONLY) == EACCES);
                CHECK(open_error(files / "open/new", O_WRONLY | O_CREAT) == EACCES);
                CHECK(open_error(secret, O_RDONLY) == EACCES);
                CHECK(open_error(link, O_RDONLY) == EACCES);
                CHECK(open_error("/", O_RDONLY | O_DIRECTORY) == EACCES);
                CHECK(open_error(log, O_WRONLY | O_CREAT | O_APPEND) == 0);
                CHECK(open_error(log, O_RDONLY) == EACCES);
            });
            CHECK(open_error(secret, O_RDONLY) == 0);
        }
    }

    TEST_CASE("Rules for a file, a device and a pipe are for that alone") {
        if (!usable()) return;
        const TempDir files;
        files.write("one", "1");
        files.write("other", "2");
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        const Fd in(ends[0]), out(ends[1]);
        LandlockRuleset ruleset(landlock::abi(), {});
        CHECK(ruleset.allow(files / "one", landlock::read_file | landlock::make_regular));
        CHECK(ruleset.allow("/dev/null", landlock::read_file | landlock::write_file));
        const std::string pipe = "/proc/self/fd/" + std::to_string(out.get());
        CHECK(ruleset.allow(pipe, landlock::write_file));
        on_confined_thread(ruleset, [&] {
            CHECK(open_error(files / "one", O_RDONLY) == 0);
            CHECK(open_error(files / "other", O_RDONLY) == EACCES);
            CHECK(open_error("/dev/null", O_RDWR) == 0);
            CHECK(open_error("/dev/zero", O_RDONLY) == EACCES);
            CHECK(open_error(pipe, O_WRONLY) == 0);
        });
    }
}

}  // namespace basehttp
