#include "handlers/process/spawner.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "handlers/process/landlock.hpp"
#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

// start_spawner() is for good: what comes after it in this program uses it, too.
namespace basehttp {

TEST_SUITE("unconfined()") {
    TEST_CASE("Without a spawner it is a plain call") {
        if (has_spawner()) return;  // another test came first
        CHECK(unconfined([] { return std::this_thread::get_id(); }) == std::this_thread::get_id());
    }

    TEST_CASE("Work is done by another thread, and what it returns or throws comes back") {
        start_spawner();
        CHECK(has_spawner());
        const auto here = std::this_thread::get_id();
        CHECK(unconfined([] { return std::this_thread::get_id(); }) != here);
        CHECK(*unconfined([] { return std::make_unique<int>(7); }) == 7);
        CHECK_THROWS_WITH_AS(unconfined([] { throw std::runtime_error("no such thing"); }),
                             "no such thing", std::runtime_error);
        CHECK(unconfined([] {
            const auto inner = std::this_thread::get_id();
            return unconfined([inner] { return inner == std::this_thread::get_id(); });
        }));
    }

    TEST_CASE("Callers do not wait for one another") {
        start_spawner();
        constexpr int callers = 8;
        std::barrier all_at_once(callers);  // passed when all are at work at the same time
        std::atomic<int> done = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < callers; ++i)
            threads.emplace_back([&] {
                unconfined([&] { all_at_once.arrive_and_wait(); });
                ++done;
            });
        for (auto& thread : threads) thread.join();
        CHECK(done == callers);
    }

    TEST_CASE("What a confined thread spawns is not confined") {
        if (landlock::abi() < 1) {
            std::puts("SKIPPED: the kernel lacks Landlock");
            return;
        }
        start_spawner();
        const TempDir files;
        const std::string secret = files.write("secret", "canary\n");
        std::string seen;
        int error = 0;
        std::thread([&] {
            ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            LandlockRuleset(landlock::abi(), {}).enter();
            error = Fd(::open(secret.c_str(), O_RDONLY | O_CLOEXEC)) ? 0 : errno;
            seen = output_of(shell("cat " + secret));
        }).join();
        CHECK(error == EACCES);
        CHECK(seen == "canary\n");
    }
}

}  // namespace basehttp
