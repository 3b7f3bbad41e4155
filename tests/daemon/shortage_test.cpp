// Out of descriptors, processes, memory or temporary space: the request that meets it gets a 503,
// the others their answers, and all is as before when there is some again.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/support/cgi_site.hpp"
#include "tests/support/program_sanitizers.hpp"

using namespace basehttp;

namespace {

/// Pages, and a script that counts the bytes of its input.
struct Site {
    CgiSite site;
    Site() {
        site.files().write("page.html", "page");
        site.files().write("new.html", "new");
        site.files().write("sub/file", "x");
        site.script("count", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec wc -c\n");
    }
};

bool set_soft_limit(int pid, __rlimit_resource which, rlim_t limit) {
    rlimit both{};
    if (::prlimit(pid, which, nullptr, &both) != 0) return false;
    both.rlim_cur = std::min(limit, both.rlim_max);
    return ::prlimit(pid, which, &both, nullptr) == 0;
}

/// The same as nobody, who may do it to an unprivileged daemon where root of a container may not.
bool set_soft_limit_as_nobody(int pid, __rlimit_resource which, rlim_t limit) {
    constexpr unsigned nobody = 65534;
    const pid_t helper = ::fork();
    if (helper == 0)
        ::_exit(::setgid(nobody) == 0 && ::setuid(nobody) == 0 && set_soft_limit(pid, which, limit)
                    ? 0
                    : 1);
    int status = -1;
    return ::waitpid(helper, &status, 0) == helper && status == 0;
}

/// A limit of the running daemon that is lower while this lives.
class Shortage {
  public:
    Shortage(const Daemon& daemon, __rlimit_resource which, rlim_t limit)
        : pid_(daemon.child().pid()), which_(which) {
        REQUIRE(set(limit));
    }
    ~Shortage() { set(RLIM_INFINITY); }
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;

  private:
    bool set(rlim_t limit) const {
        return set_soft_limit(pid_, which_, limit) || set_soft_limit_as_nobody(pid_, which_, limit);
    }

    const int pid_;
    const __rlimit_resource which_;
};

/// A small file system; false where this process may not mount one. Nobody else sees it.
bool mount_small(const std::filesystem::path& place, const char* options) {
    static const bool own_mounts =
        ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, "") == 0;
    return own_mounts && ::mount("none", place.c_str(), "tmpfs", 0, options) == 0;
}

/// What comes for an upload; a cut is status 0.
RawReply upload(const Endpoint& endpoint, std::size_t size) {
    ClientStream client(connect_to(endpoint));
    client.send("POST /cgi-bin/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'));
    std::string all;
    while (client.receive(all)) continue;
    return parse_reply(all);
}

void check_503(const Reply& reply) {
    CHECK(reply.status == 503);
    CHECK(reply.get("Retry-After") == "5");
}

void check_503(const RawReply& reply) {
    CHECK(reply.status == 503);
    CHECK(has(reply.head, "\r\nRetry-After: 5\r\n"));
}

/// What the site answers when nothing is wanting.
void check_all_is_well(const Daemon& daemon) {
    CHECK(daemon.get("/new.html").body == "new");
    CHECK(daemon.get("/sub/").status == 200);
    CHECK(daemon.get("/cgi-bin/count").body == "0\n");
    CHECK(upload(daemon.endpoint(), 100'000).body == "100000\n");
}

}  // namespace

TEST_SUITE("daemon shortage") {
    TEST_CASE_FIXTURE(Site, "Without a descriptor, files, listings and scripts are 503") {
        if (has_undefined_behavior_sanitizer()) {
            std::puts("SKIPPED: UndefinedBehaviorSanitizer itself needs descriptors");
            return;
        }
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini(),
                             .expected_log = {"Out of file descriptors or memory"}});
        HttpClient client(daemon.endpoint());
        HttpClient other(daemon.endpoint());
        CHECK(client.get("/page.html").body == "page");
        CHECK(other.get("/cgi-bin/count").body == "0\n");
        std::unique_ptr<HttpClient> late;
        {
            constexpr rlim_t all_in_use = 8;
            for (rlim_t i = 0; i < all_in_use; ++i)
                REQUIRE(std::filesystem::is_symlink(
                    "/proc/" + std::to_string(daemon.child().pid()) + "/fd/" + std::to_string(i)));
            const Shortage descriptors(daemon, RLIMIT_NOFILE, all_in_use);
            for (const char* target : {"/new.html", "/sub/", "/cgi-bin/count"}) {
                CAPTURE(target);
                check_503(client.get(target));
            }
            check_503(other.request("POST", "/cgi-bin/count", {{"Content-Length", "0"}}));
            CHECK(client.get("/page.html").body == "page");  // the cache has it
            late = std::make_unique<HttpClient>(daemon.endpoint());
            late->send("GET /new.html HTTP/1.1\r\nHost: x\r\n\r\n");
            CHECK(daemon.child().until([&] { return has(daemon.error_log(), "new connections"); }));
        }
        CHECK(late->receive().body == "new");
        CHECK(client.get("/cgi-bin/count").body == "0\n");
        check_all_is_well(daemon);
    }

    TEST_CASE_FIXTURE(Site, "Without a process, scripts are 503 and files are served") {
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini(),
                             .expected_log = {"no room for another process"},
                             .unprivileged = true});
        HttpClient client(daemon.endpoint());
        CHECK(client.get("/cgi-bin/count").body == "0\n");
        {
            const Shortage processes(daemon, RLIMIT_NPROC, 1);
            for (int i = 0; i < 3; ++i) check_503(client.get("/cgi-bin/count"));
            CHECK(client.get("/page.html").body == "page");
            CHECK(client.get("/sub/").status == 200);
            CHECK(daemon.get("/new.html").body == "new");
        }
        CHECK(client.get("/cgi-bin/count").body == "0\n");
        check_all_is_well(daemon);
    }

    TEST_CASE_FIXTURE(Site, "An upload that cannot be stored is a 503, and leaves no trace") {
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini(),
                             .expected_log = {"Cannot store a request body in "}});
        {
            const Shortage file_size(daemon, RLIMIT_FSIZE, 80'000);
            check_503(upload(daemon.endpoint(), 100'000));
            check_503(upload(daemon.endpoint(), 10'000'000));
            CHECK(upload(daemon.endpoint(), 70'000).body == "70000\n");
            CHECK(daemon.get("/page.html").body == "page");
        }
        check_all_is_well(daemon);
    }

    TEST_CASE_FIXTURE(Site,
                      "A full temporary directory costs large uploads a 503, until it is not") {
        const TempDir work;
        const std::string place = work.mkdir("small");
        if (!mount_small(place, "size=1m")) {
            std::printf("SKIPPED: cannot mount a tmpfs: %s\n", std::strerror(errno));
            return;
        }
        {
            const Daemon daemon({.root = site.root(),
                                 .ini = cgi_ini(),
                                 .arguments = {"--temp-directory", place},
                                 .expected_log = {"Cannot store a request body in " + place +
                                                  ": No space left on device"}});
            const auto is_empty = [&place] {
                const auto space = std::filesystem::space(place);
                return space.free == space.capacity;
            };
            for (int i = 0; i < 3; ++i) {  // what came of them is given back
                check_503(upload(daemon.endpoint(), 2'000'000));
                CHECK(daemon.child().until(is_empty));
                CHECK(upload(daemon.endpoint(), 900'000).body == "900000\n");
                CHECK(daemon.child().until(is_empty));
            }
            work.write("small/others", std::string(1'000'000, 'x'));
            check_503(upload(daemon.endpoint(), 100'000));
            CHECK(upload(daemon.endpoint(), 50'000).body == "50000\n");  // stays in memory
            CHECK(daemon.get("/page.html").body == "page");
            std::filesystem::remove(place + "/others");
            check_all_is_well(daemon);
        }
        CHECK(::umount(place.c_str()) == 0);  // nothing is open there any more
    }

    TEST_CASE_FIXTURE(Site,
                      "Without memory an upload goes into a file, and the others are served") {
        if (has_memory_sanitizer()) {
            std::puts("SKIPPED: sanitizers end a program that finds no memory");
            return;
        }
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini() + "[limits]\nbody_memory = 64m\nbody = 64m\n"});
        HttpClient client(daemon.endpoint());
        CHECK(client.get("/page.html").body == "page");
        CHECK(client.get("/cgi-bin/count").body == "0\n");
        constexpr std::size_t size = 60'000'000;
        {
            const auto kilobytes = static_cast<rlim_t>(daemon.status_value("VmSize:"));
            const Shortage memory(daemon, RLIMIT_AS, (kilobytes + 20'000) << 10);
            for (int i = 0; i < 3; ++i) CHECK(upload(daemon.endpoint(), size).body == "60000000\n");
            CHECK(client.get("/page.html").body == "page");
            CHECK(client.get("/new.html").body == "new");
            CHECK(client.get("/sub/").status == 200);
        }
        CHECK(upload(daemon.endpoint(), size).body == "60000000\n");
        check_all_is_well(daemon);
    }
}
