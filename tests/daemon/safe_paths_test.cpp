// Nothing outside the root is served, nothing special is opened, whatever the path says.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view secret = "root-of-all-secrets";

void make_socket(const std::filesystem::path& file) {
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, file.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

}  // namespace

TEST_SUITE("daemon safe paths") {
    TEST_CASE("No spelling of a path leaves the root") {
        const TempDir work;
        work.write("secret", secret);
        work.write("site2/secret", secret);  // its name begins with that of the root
        work.write("site/index.html", "front");
        work.write("site/sub/file.txt", "x");
        const Daemon daemon({.root = work / "site"});
        const std::string_view rows[] = {
            "/../secret",
            "/../../../../../../etc/passwd",
            "/sub/../../secret",
            "/sub/../../../secret",
            "/./../secret",
            "/.//../secret",
            "//../secret",
            "///..//..//secret",
            "/..",
            "/../",
            "/sub/..",
            "/../site2/secret",
            "/%2e%2e/secret",
            "/%2E%2E/secret",
            "/.%2e/secret",
            "/%2e./secret",
            "/sub/%2e%2e/%2e%2e/secret",
            "/..%2fsecret",
            "/%2e%2e%2fsecret",
            "/sub%2f..%2f..%2fsecret",
            "/%2f..%2fsecret",
            "/..%5csecret",
            "/%2e%2e%5csecret",
            "/..\\secret",
            "/..\\..\\secret",
            "/sub\\..\\..\\secret",
            "\\..\\secret",
            "/%5c../secret",
            "/%252e%252e/secret",
            "/%252e%252e%252fsecret",
            "/..%252fsecret",
            "/%25252e%25252e/secret",
            "/..;/secret",
            "/..;a=b/secret",
            "/.;/../secret",
            "/;/../secret",
            "/sub;/../../secret",
            "/%c0%ae%c0%ae/secret",
            "/%c0%ae%c0%ae%c0%afsecret",
            "/..%c0%afsecret",
            "/..%c1%9csecret",
            "/%e0%80%ae%e0%80%ae/secret",
            "/%f0%80%80%ae%f0%80%80%ae/secret",
            "/..%e0%80%afsecret",
            "/%uff0e%uff0e/secret",
            "/..%u2215secret",
            "/%u002e%u002e/secret",
            "/%ef%bc%8e%ef%bc%8e/secret",
            "/..%ef%bc%8fsecret",
            "/..%e2%88%95secret",
            "/..%00/secret",
            "/../secret%00",
            "/../secret%00.html",
            "/sub/file.txt%00/../../../secret",
            "/%00../secret",
            "/..%0a/secret",
            "/..%0d%0a/secret",
            "/..%09/secret",
            "/%20../secret",
            "/.. /secret",
            "/..%20/secret",
            "/.../secret",
            "/..../secret",
            "/....//secret",
            "/....\\/secret",
            "/.%00./secret",
            "/..%01/secret",
            "/%2e%2e%3b/secret",
            "/%/../secret",
            "/%2/../secret",
            "/%zz/../secret",
            "/%2e%2e",
            "/%2e%2e/",
            "/sub/%2e%2e/%2e%2e",
            "/../../../../proc/self/environ",
            "/proc/self/root/etc/passwd",
            "/dev/fd/3",
            "/file:///etc/passwd",
            "/sub/file.txt/../../../secret",
            "/sub/file.txt/%2e%2e/%2e%2e/%2e%2e/secret",
            "/missing/../../secret",
            "/?/../../secret",
            "/#/../../secret",
            "/..?/secret",
            "/..#/secret",
            "http://localhost/../secret",
            "http://localhost/%2e%2e/secret",
            "http://localhost\\..\\secret",
            "file:///etc/passwd",
            "/etc/passwd",
            "//etc/passwd",
            "~root",
            "/~root/",
            "../secret",
            "..",
            "/site/../../secret",
            "/x/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret",
            "/%ff%fe/../secret",
        };
        for (const std::string_view target : rows) {
            CAPTURE(target);
            HttpClient client(daemon.endpoint());
            client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            const Reply reply = client.receive();
            const bool known = reply.status == 400 || reply.status == 404 ||
                               (reply.status == 200 && reply.body == "front") ||
                               (reply.status == 301 && reply.get("Location") == "/sub/");
            CAPTURE(reply.status);
            CHECK(known);
            CHECK(reply.body.find(secret) == std::string::npos);
            CHECK(reply.body.find("root:") == std::string::npos);
        }
    }

    TEST_CASE("Links inside the root work and others do not exist") {
        const TempDir work;
        work.write("outside/secret", secret);
        work.write("site/real/file.txt", "inside");
        work.symlink("site/link.txt", "real/file.txt");
        work.symlink("site/dir", "real");
        work.symlink("site/back.txt", (work / "site/real/file.txt").string());
        work.symlink("site/real/up.txt", "../link.txt");
        work.symlink("site/out.txt", "../outside/secret");
        work.symlink("site/absolute.txt", (work / "outside/secret").string());
        work.symlink("site/outdir", "../outside");
        work.symlink("site/etc", "/etc");
        work.symlink("site/dangling", "nowhere");
        work.symlink("site/loop", "loop");
        work.symlink("site/proc", "/proc/self/root");
        work.symlink("site/index.html", "../outside/secret");
        work.symlink("site/real/file.txt.gz", "../../outside/secret");
        const Daemon daemon({.root = work / "site"});
        for (const char* target :
             {"/link.txt", "/dir/file.txt", "/real/up.txt", "/dir/up.txt", "/back.txt"}) {
            CAPTURE(target);
            CHECK(daemon.get_in_every_way(target, {{"Accept-Encoding", "gzip"}}).body == "inside");
        }
        CHECK(daemon.get("/dir").get("Location") == "/dir/");
        for (const char* target :
             {"/out.txt", "/absolute.txt", "/outdir/secret", "/outdir/", "/outdir", "/etc/passwd",
              "/etc", "/dangling", "/loop", "/proc/etc/passwd", "/index.html"}) {
            CAPTURE(target);
            CHECK(daemon.get_in_every_way(target).status == 404);
        }
        const std::string listing = daemon.get("/").body;
        CHECK(listing.find("link.txt") != std::string::npos);
        for (const char* hidden : {"out.txt", "absolute", "outdir", "etc", "dangling", "loop"})
            CHECK_MESSAGE(listing.find(std::string("./") + hidden) == std::string::npos,
                          std::string(hidden));
    }

    TEST_CASE("FIFOs, devices and sockets are not there, and nothing waits for them") {
        const TempDir site;
        REQUIRE(::mkfifo((site / "fifo").c_str(), 0666) == 0);
        REQUIRE(::mkfifo((site / "index.html").c_str(), 0666) == 0);
        make_socket(site / "socket");
        const bool device = ::mknod((site / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0;
        site.write("file.txt", "x");
        REQUIRE(::mkfifo((site / "file.txt.gz").c_str(), 0666) == 0);
        const Daemon daemon({.root = site.str()});
        for (const char* target :
             {"/fifo", "/fifo/", "/socket", "/null", "/null/", "/index.html"}) {
            CAPTURE(target);
            CHECK(daemon.get_in_every_way(target).status == 404);
        }
        CHECK(daemon.get("/file.txt", {{"Accept-Encoding", "gzip"}}).body == "x");
        const std::string listing = daemon.get("/").body;
        CHECK(listing.find("file.txt") != std::string::npos);
        for (const char* hidden : {"fifo", "socket", "null", "index.html"})
            CHECK_MESSAGE(listing.find(std::string("./") + hidden) == std::string::npos,
                          std::string(hidden));
        if (!device) MESSAGE("no device could be made here");
    }

    TEST_CASE("What the daemon may not read is forbidden") {
        const TempDir site;
        ::chmod(site.str().c_str(), 0755);
        site.write("open.txt", "open");
        ::chmod(site.write("closed.txt", secret).c_str(), 0);
        site.write("closed/index.html", secret);
        ::chmod((site / "closed").c_str(), 0);
        site.write("unlisted/file.txt", "reachable");
        ::chmod((site / "unlisted").c_str(), 0711);
        site.write("page.html", "plain");
        ::chmod(site.write("page.html.gz", secret).c_str(), 0);
        // Without root's rights a test's own files are closed to the daemon too.
        const bool is_root = ::getuid() == 0;
        {
            const Daemon daemon({.root = site.str(), .unprivileged = true});
            CHECK(daemon.get_in_every_way("/open.txt").body == "open");
            for (const char* target : {"/closed.txt", "/closed/", "/closed/index.html"}) {
                CAPTURE(target);
                const Reply reply = daemon.get_in_every_way(target);
                CHECK(reply.status == 403);
                CHECK(reply.body.find(secret) == std::string::npos);
            }
            CHECK(daemon.get("/page.html", {{"Accept-Encoding", "gzip"}}).body == "plain");
            if (is_root) CHECK(daemon.get("/unlisted/").status == 403);
            CHECK(daemon.get("/unlisted/file.txt").body == "reachable");
        }
        ::chmod((site / "closed").c_str(), 0755);
    }
}
