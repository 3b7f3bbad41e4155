// What a service manager is told, by sd_notify(3).
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <ctime>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/service_manager.hpp"

using namespace basehttp;

namespace {

long long monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
}

/// A variable for programs that are started while this lives.
struct Variable {
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { ::unsetenv(name_); }

  private:
    const char* name_;
};

bool is_epoll(int call) {
#ifdef SYS_epoll_wait
    if (call == SYS_epoll_wait) return true;
#endif
    return call == SYS_epoll_pwait;
}

/// Threads of a process that wait for events, but the first, which waits for signals.
std::vector<int> loop_threads(int pid) {
    std::vector<int> found;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& entry : std::filesystem::directory_iterator(tasks)) {
        const int thread = std::stoi(entry.path().filename());
        const int call = std::atoi(read_text(entry.path() / "syscall").c_str());
        if (thread != pid && is_epoll(call)) found.push_back(thread);
    }
    return found;
}

/// Stops one thread while it lives, as if it hung.
class HeldThread {
  public:
    explicit HeldThread(int thread) : thread_(thread) {
        held = ::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == 0 &&
               ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0 &&
               ::waitpid(thread, nullptr, __WALL) == thread;
    }
    HeldThread(const HeldThread&) = delete;
    HeldThread& operator=(const HeldThread&) = delete;
    ~HeldThread() { ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }
    bool held = false;

  private:
    int thread_;
};

}  // namespace

TEST_SUITE("daemon notify") {
    TEST_CASE("READY, RELOADING and STOPPING are told in order, each with a status") {
        for (const auto kind : {FakeManager::Kind::path, FakeManager::Kind::abstract}) {
            CAPTURE(kind == FakeManager::Kind::abstract);
            const FakeManager manager(kind);
            LiveServer server(usual_settings + "[timeouts]\nshutdown = 7s\ndrain_delay = 100ms\n");
            const std::string serving =
                "READY=1\nSTATUS=Serving '" + (server.work() / "site").string() +
                "' on http://127.0.0.1:" + std::to_string(server.endpoint().port) + "/";
            CHECK(manager.next() == serving);
            const long long before = monotonic_microseconds();
            server.reload();
            const std::string reloading = manager.next();
            const long long then = number_in(reloading, "MONOTONIC_USEC");
            CHECK(reloading ==
                  "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(then) + "\nSTATUS=Reloading");
            CHECK(then >= before);
            CHECK(then <= monotonic_microseconds());
            CHECK(manager.next() == serving);
            server.signal(SIGTERM);
            const std::string stopping = manager.next();
            const long long longest = number_in(stopping, "EXTEND_TIMEOUT_USEC");
            CHECK(stopping.starts_with("STOPPING=1\n"));
            CHECK(longest >= 7'100'000);
            CHECK(longest < 60'000'000);
            CHECK(server.end_status() == 0);
            CHECK(manager.within(0) == "");
        }
    }

    TEST_CASE("An upgrade tells of the new main process, once that is ready") {
        const FakeManager manager;
        LiveServer server(usual_settings);
        manager.next();
        server.upgrade();
        CHECK(manager.next().starts_with("READY=1\nSTATUS=Serving '"));
        CHECK(manager.next() == "MAINPID=" + std::to_string(server.pid()));
        CHECK(server.first_end_status() == 0);
        CHECK(manager.within(0) == "");
        server.reload();
        CHECK(manager.next().starts_with("RELOADING=1\n"));
    }

    TEST_CASE("The watchdog is fed twice in its time and more, and after an upgrade too") {
        const FakeManager manager;
        const Variable interval("WATCHDOG_USEC", "400000");
        LiveServer server(usual_settings);
        const auto feeds = [&](int count) {
            const long long before = monotonic_microseconds();
            for (int fed = 0; fed < count;) fed += manager.any() == "WATCHDOG=1" ? 1 : 0;
            return (monotonic_microseconds() - before) / count;
        };
        feeds(1);
        CHECK(feeds(4) <= 200'000);
        server.upgrade();
        CHECK(server.first_end_status() == 0);
        while (manager.within(0) != "") continue;
        CHECK(feeds(4) <= 200'000);
    }

    TEST_CASE("A watchdog that is meant for another process is left alone") {
        const FakeManager manager;
        const Variable interval("WATCHDOG_USEC", "40000"), other("WATCHDOG_PID", "1");
        const LiveServer server(usual_settings);
        CHECK(manager.any().starts_with("READY=1"));
        CHECK(manager.within(100) == "");
    }

    TEST_CASE("The watchdog is not fed while a loop hangs") {
        const FakeManager manager;
        const Variable interval("WATCHDOG_USEC", "100000");
        LiveServer server(usual_settings);
        std::vector<int> loops;
        REQUIRE(eventually([&] {
            loops = loop_threads(server.pid());
            return loops.size() >= 2;
        }));
        {
            const HeldThread hung(loops.back());
            if (!hung.held) {
                std::puts("SKIPPED: this machine lets nobody trace a thread");
                return;
            }
            // Patience is 2.5 s at least: silence comes after that.
            CHECK(eventually([&] { return manager.within(300) == ""; }));
        }
        CHECK(manager.any() == "WATCHDOG=1");
    }

    TEST_CASE("A manager's socket that is gone, or cannot be, does not matter") {
        for (const std::string name : {"/nowhere/notify", "relative", "@"}) {
            CAPTURE(name);
            const Variable socket("NOTIFY_SOCKET", name);
            LiveServer server(usual_settings);
            CHECK(HttpClient(server.endpoint()).get("/").status == 200);
            CHECK(has(server.reload(), "info: Reloaded: "));
        }
    }
}
