// DocumentRoot among special files, missing rights and a file system that changes meanwhile.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "handlers/files/document_root.hpp"
#include "tests/support/document_roots.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

using enum OpenStatus;

/// Takes root's rights to any file from this thread; other threads keep theirs.
class WithoutRights {
  public:
    WithoutRights() { ::setfsuid(65534); }
    WithoutRights(const WithoutRights&) = delete;
    WithoutRights& operator=(const WithoutRights&) = delete;
    ~WithoutRights() { ::setfsuid(::geteuid()); }
};

/// Does something 20,000 times on a thread of its own; an even number, so that what is swapped is
/// back in its place at the end.
class Meanwhile {
  public:
    explicit Meanwhile(std::function<void()> action)
        : thread_([this, action = std::move(action)] {
              for (int i = 0; i < 20'000; ++i) action();
              done_ = true;
          }) {}
    Meanwhile(const Meanwhile&) = delete;
    Meanwhile& operator=(const Meanwhile&) = delete;
    ~Meanwhile() { thread_.join(); }

    bool done() const { return done_; }

  private:
    std::atomic<bool> done_ = false;
    std::thread thread_;  // last: it uses done_
};

/// Every content that the paths show until `other` is done, and once after that.
std::set<std::string> seen_while(const Meanwhile& other, const DocumentRoot& root,
                                 const std::vector<std::string>& paths) {
    std::set<std::string> seen;
    for (bool last = false; !last;) {
        last = other.done();
        for (const auto& path : paths) {
            const auto file = root.open_file(path);
            if (file.status == ok) seen.insert(content_of(file));
        }
    }
    return seen;
}

}  // namespace

TEST_SUITE("DocumentRoot") {
    TEST_CASE("A FIFO is not found and not opened") {
        const TempDir dir;
        const auto fifo = dir / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0644) == 0);
        Fd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
        const Fd writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK));
        reader.reset();
        // Edge-triggered, the writer learns of each reader that comes and goes.
        const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
        epoll_event event{EPOLLOUT | EPOLLET, {}};
        REQUIRE(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, writer.get(), &event) == 0);
        const auto news = [&] { return ::epoll_wait(epoll.get(), &event, 1, 0); };
        REQUIRE(news() == 1);
        REQUIRE(news() == 0);
        for (const auto& root : with_each_resolver(dir.str())) {
            CAPTURE(name_of(root));
            CHECK(root.open_file("/fifo").status == not_found);
            CHECK(root.stat("/fifo").status == not_found);
            CHECK(root.open_directory("/fifo").status == not_found);
            CHECK(news() == 0);
        }
        reader.reset(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
        reader.reset();
        CHECK(news() == 1);
    }

    TEST_CASE("Sockets and devices are not found") {
        const TempDir dir;
        const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = (dir / "socket").string();
        REQUIRE(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.c_str(), path.size());
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        for (const auto& root : with_each_resolver(dir.str())) {
            CHECK(root.open_file("/socket").status == not_found);
        }
        for (const auto& root : with_each_resolver("/dev")) {
            CAPTURE(name_of(root));
            for (const auto* device : {"/null", "/zero", "/tty"}) {
                CAPTURE(device);
                CHECK(root.open_file(device).status == not_found);
            }
        }
    }

    TEST_CASE("Magic links of /proc lead nowhere") {
        const TempDir dir;
        const Fd secret(::open(dir.write("secret", "secret").c_str(), O_RDONLY));
        const auto fd = "/fd/" + std::to_string(secret.get());
        for (const auto& root : with_each_resolver("/proc/" + std::to_string(::getpid()))) {
            CAPTURE(name_of(root));
            for (const auto& path : {fd, std::string("/root/etc/passwd"), std::string("/exe"),
                                     std::string("/ns/mnt")}) {
                CAPTURE(path);
                CHECK(root.open_file(path).status == not_found);
            }
        }
    }

    TEST_CASE("What may not be read is forbidden") {
        const TempDir dir;
        ::chmod(dir.path().c_str(), 0755);
        ::chmod(dir.write("unreadable", "x").c_str(), 0);
        ::chmod(dir.write("open", "x").c_str(), 0644);
        dir.write("closed/file", "x");
        ::chmod((dir / "closed").c_str(), 0);
        ::mkfifo((dir / "fifo").c_str(), 0);
        {
            const WithoutRights nobody;
            for (const auto& root : with_each_resolver(dir.str())) {
                CAPTURE(name_of(root));
                CHECK(root.open_file("/unreadable").status == forbidden);
                CHECK(root.open_file("/closed/file").status == forbidden);
                CHECK(root.open_file("/closed").status == is_directory);
                CHECK(root.open_directory("/closed").status == forbidden);
                CHECK(root.open_file("/fifo").status == not_found);
                CHECK(root.open_file("/open").status == ok);
            }
            CHECK_THROWS_AS(DocumentRoot::open((dir / "closed").string()), std::system_error);
        }
        ::chmod((dir / "closed").c_str(), 0700);
    }

    TEST_CASE("The lack of descriptors is not the lack of the file") {
        const TempDir dir;
        dir.write("a/b.txt", "x");
        const auto roots = with_each_resolver(dir.str());
        rlimit limit;
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        const rlimit none{0, limit.rlim_max};
        for (const auto& root : roots) {
            CAPTURE(name_of(root));
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
            const auto file = root.open_file("/a/b.txt").status;
            const auto directory = root.open_directory("/a").status;
            const auto found = root.stat("/a/b.txt").status;
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
            CHECK(file == out_of_resources);
            CHECK(directory == out_of_resources);
            CHECK(found == out_of_resources);
            CHECK(root.open_file("/a/b.txt").status == ok);
        }
    }

    TEST_CASE("What is swapped with a link to outside never shows what is there") {
        const TempDir dir;
        dir.write("outside/file", "secret");
        dir.write("site/a/file", "inside");
        dir.write("site/a/deep/up/file", "inside");
        dir.symlink("site/b", "../outside");
        dir.symlink("site/back", "a/deep/../file");
        dir.write("site/page", "inside");
        dir.symlink("site/link", "../outside/file");
        struct Row {
            std::string thing;
            std::string link;
            std::vector<std::string> paths;
        };
        const std::vector<Row> rows{
            {"site/a", "site/b", {"/a/file", "/b/file", "/back", "/a/deep/up/file"}},
            {"site/page", "site/link", {"/page"}},
        };
        for (const auto& root : with_each_resolver((dir / "site").string())) {
            CAPTURE(name_of(root));
            for (const auto& row : rows) {
                CAPTURE(row.thing);
                const Meanwhile swapping([one = dir / row.thing, other = dir / row.link] {
                    ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
                });
                CHECK(seen_while(swapping, root, row.paths) == std::set<std::string>{"inside"});
            }
        }
    }

    TEST_CASE("A directory moved out of the root during a walk takes nobody along") {
        const TempDir dir;
        dir.write("secret", "secret");
        dir.write("site/secret", "inside");
        dir.mkdir("site/x/y/z");
        dir.symlink("site/back", "x/y/z/../../../secret");
        for (const auto& root : with_each_resolver((dir / "site").string())) {
            CAPTURE(name_of(root));
            const Meanwhile moving([in = dir / "site/x/y", out = dir / "y"] {
                ::rename(in.c_str(), out.c_str());
                ::rename(out.c_str(), in.c_str());
            });
            CHECK(seen_while(moving, root, {"/back"}) == std::set<std::string>{"inside"});
        }
    }
}

}  // namespace basehttp
