// Started as root, the daemon becomes somebody else for good. These tests need root.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "tests/support/raw_client.hpp"
#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

bool is_root() {
    if (::geteuid() == 0 && ::getpwnam("nobody") != nullptr) return true;
    std::puts("SKIPPED: only root can become nobody");
    return false;
}

/// "nobody (65534)" and its group's number.
const passwd& nobody() { return *::getpwnam("nobody"); }

std::string four_times(unsigned id) {
    const std::string one = "\t" + std::to_string(id);
    return one + one + one + one;
}

/// The line of a /proc/.../status, without the name.
std::string field(const std::string& status, std::string_view name) {
    for (const std::string& line : lines_of(status))
        if (line.starts_with(name)) return line.substr(name.size());
    return "missing";
}

/// A port below 1024 that is free now.
int low_port() {
    for (int port = 1023; port > 512; --port) {
        const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
            return port;
    }
    return 0;
}

/// Owner and mode of a file: "65534 640".
std::string owner_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return "missing";
    char text[32];
    std::snprintf(text, sizeof text, "%u %o", info.st_uid, info.st_mode & 07777u);
    return text;
}

}  // namespace

TEST_SUITE("daemon privileges") {
    TEST_CASE("Every thread of a daemon that root started is another user's for good") {
        if (!is_root()) return;
        const CgiSite site;
        site.files().write("page", "page");
        site.script("hello.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini(), .user = "nobody"});
        CHECK(daemon.get("/page").body == "page");
        CHECK(daemon.get("/cgi-bin/hello.sh").body == "hello");
        const std::string tasks = "/proc/" + std::to_string(daemon.child().pid()) + "/task";
        int threads = 0;
        for (const auto& task : std::filesystem::directory_iterator(tasks)) {
            const std::string status = read_text(task.path() / "status");
            CAPTURE(status);
            CHECK(field(status, "Uid:") == four_times(nobody().pw_uid));
            CHECK(field(status, "Gid:") == four_times(nobody().pw_gid));
            CHECK(field(status, "Groups:") == "\t" + std::to_string(nobody().pw_gid) + " ");
            for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"})
                CHECK(field(status, set) == "\t0000000000000000");
            CHECK(field(status, "NoNewPrivs:") == "\t1");
            ++threads;
        }
        CHECK(threads >= 5);  // main, log, two loops, a worker; the spawner if confined
        CHECK(has(daemon.error_log(), "; no new privileges; user nobody (" +
                                          std::to_string(nobody().pw_uid) + "), group "));
        CHECK_FALSE(has(daemon.error_log(), "Serving as root"));
    }

    TEST_CASE("What only root may read is 403 then, and no script can trace the daemon") {
        if (!is_root()) return;
        const CgiSite site;
        const auto secret = site.files().write("secret", "canary");
        REQUIRE(::chmod(secret.c_str(), 0600) == 0);
        site.script("trace.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                    "(: < /proc/$PPID/mem) 2>/dev/null && echo open || echo closed\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini(), .user = "nobody"});
        CHECK(daemon.get("/secret").status == 403);
        CHECK(daemon.get("/cgi-bin/trace.sh").body == "closed\n");
        struct stat info {};
        const std::string memory = "/proc/" + std::to_string(daemon.child().pid()) + "/mem";
        REQUIRE(::stat(memory.c_str(), &info) == 0);
        CHECK(info.st_uid == 0);
    }

    TEST_CASE("Scripts of another user are started, fed, held and ended as ever") {
        if (!is_root()) return;
        const CgiSite site;
        const TempDir files;
        files.write("sent", "from a file");
        std::filesystem::permissions(files.path(), std::filesystem::perms(0755));
        const std::string begin = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n";
        site.script("id.sh", begin + "\\n'\nid -u; echo \"$TZ\"; wc -c\n");
        site.script("send.sh", begin + "X-Sendfile: " + (files / "sent").string() + "\\n\\n'\n");
        site.script("fork.sh", begin +
                                   "\\n'\nsetsid sh -c 'trap \"\" TERM; env -i setsid tail -f "
                                   "/dev/null &' >&- 2>&- <&-\necho done\n");
        site.script("stuck.sh", "#!/bin/sh\ntrap '' TERM\nsetsid tail -f /dev/null\n");
        site.script("greedy.sh",
                    begin + "\\n'\nhead -c 200000000 /dev/zero | tail >&- || echo short\n");
        for (const std::string sandbox : {"off", "strict"}) {
            CAPTURE(sandbox);
            ::setenv("TZ", "UTC0", 1);
            const Daemon daemon({.root = site.root(),
                                 .ini = cgi_ini("timeout = 1s\ngrace = 100ms\nmemory = 64m\n"
                                                "pass_env = TZ PATH\nsandbox = " +
                                                sandbox + "\nsendfile = " + files.str() + "\n"),
                                 .expected_log = {"stuck.sh"},
                                 .user = "nobody"});
            RawClient client(daemon.endpoint().port);
            client.send(
                "POST /cgi-bin/id.sh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                "Content-Length: 300000\r\n\r\n" +
                std::string(300'000, 'x'));
            CHECK(parse_reply(client.receive_all()).body ==
                  std::to_string(nobody().pw_uid) + "\nUTC0\n300000\n");
            CHECK(daemon.get("/cgi-bin/send.sh").body == "from a file");
            CHECK(daemon.get("/cgi-bin/fork.sh").body == "done\n");
            CHECK(site.idle(daemon));
            CHECK(daemon.get("/cgi-bin/stuck.sh").status == 504);
            CHECK(site.idle(daemon));
            CHECK(daemon.get("/cgi-bin/greedy.sh").body == "short\n");
        }
        ::unsetenv("TZ");
    }

    TEST_CASE("A port below 1024 and a key of root's are opened before") {
        if (!is_root()) return;
        const CgiSite site;
        site.files().write("page", "page");
        const TlsFiles& files = TestCa::shared().localhost();  // in a directory of root's
        const std::string port = std::to_string(low_port());
        const Daemon daemon({.root = site.root(),
                             .ini = tls_ini(),
                             .arguments = {"--bind", "127.0.0.1", "--port", port},
                             .expected_log = {files.key + "' cannot be read by us any more",
                                              files.certificate + "' cannot be read by us any"},
                             .activation = false,
                             .user = "nobody"});
        CHECK(curl("https://localhost:" + port + "/page").out == "page");
    }

    TEST_CASE(
        "New log files belong to the user, those that the user may write to stay as they are") {
        if (!is_root()) return;
        const CgiSite site;
        const TempDir logs;
        REQUIRE(::chmod(logs.str().c_str(), 0755) == 0);
        const std::string access = logs / "access", error = logs / "error";
        logs.write("error", "");
        REQUIRE(::chmod(error.c_str(), 0666) == 0);
        auto [listening, endpoint] = listening_socket();
        Child child({.arguments = {"--root", site.root(), "--user", "nobody", "--access-log",
                                   access, "--error-log", error},
                     .listening = listening.get(),
                     .out = logs / "out",
                     .err = logs / "err"});
        CHECK(child.until([&] { return has(read_text(error), "Serving '"); }));
        CHECK(owner_of(access) == std::to_string(nobody().pw_uid) + " 640");
        CHECK(owner_of(error) == "0 666");
        child.signal(SIGTERM);
        CHECK(child.wait(20'000) == 0);
    }

    TEST_CASE("A log that only root may write to is refused, also by way of the user's link") {
        if (!is_root()) return;
        const CgiSite site;
        const TempDir logs, secret;
        REQUIRE(::chmod(logs.str().c_str(), 0755) == 0);
        REQUIRE(::symlink((secret / "made-by-root").c_str(), (logs / "access").c_str()) == 0);
        auto [listening, endpoint] = listening_socket();
        Child child({.arguments = {"--root", site.root(), "--user", "nobody", "--access-log",
                                   logs / "access"},
                     .listening = listening.get(),
                     .out = logs / "out",
                     .err = logs / "err"});
        CHECK(WEXITSTATUS(child.wait(20'000).value_or(0)) == 2);
        CHECK(has(read_text(logs / "err"), "Permission denied; 'nobody' must be able to write"));
        CHECK(::access((secret / "made-by-root").c_str(), F_OK) != 0);
    }

    TEST_CASE("A user who cannot be is refused at once, with the line") {
        const TempDir files;
        const std::string file = files / "x.ini";
        struct Row {
            std::string ini, message;
        };
        const Row rows[] = {
            {"user = no-such-user",
             ":2: user 'no-such-user' does not exist; add it or name "
             "another"},
            {"user = nobody\ngroup = no-such",
             ":3: group 'no-such' does not exist; add it or "
             "name another"},
            {"user = 4000000",
             ":2: user '4000000' is a number that no user has, so it has no "
             "group; name one with group"},
            {"group = nogroup", ":2: group 'nogroup' is named without a user; name one, too"},
            {"user = root\ngroup = nogroup",
             ":3: group 'nogroup' means nothing for root; leave "
             "it out"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.ini);
            files.write("x.ini", "[server]\n" + row.ini + "\n");
            for (const char* option : {"--check-config", "--access-log=off"}) {
                const Output output = run_daemon({"--config", file, option});
                CHECK(output.exit_status == 2);
                CHECK(output.err == file + row.message + "\n");
            }
        }
    }

    TEST_CASE("Who is not root can be nobody but itself") {
        if (!is_root()) return;
        const CgiSite site;
        site.files().write("page", "page");
        const TempDir files;
        REQUIRE(::chmod(files.str().c_str(), 0777) == 0);
        auto [listening, endpoint] = listening_socket();
        const auto start = [&, fd = listening.get()](const std::string& user) {
            return std::make_unique<Child>(ChildOptions{
                .arguments = {"--root", site.root(), "--user", user, "--access-log", "off"},
                .listening = fd,
                .out = files / "out",
                .err = files / "err",
                .unprivileged = true});
        };
        const auto refused = start("root");
        CHECK(WEXITSTATUS(refused->wait(20'000).value_or(0)) == 2);
        CHECK(read_text(files / "err")
                  .starts_with(
                      "basehttpd: user 'root' is named, but only root can become another one, and "
                      "we are "
                      "started as 65534:65534; start as root, or leave user and group out\n"));
        const auto itself = start("nobody");
        CHECK(HttpClient(endpoint).get("/page").body == "page");
        itself->signal(SIGTERM);
        CHECK(itself->wait(20'000) == 0);
    }

    TEST_CASE("A root that the user cannot enter is refused, with the line") {
        if (!is_root()) return;
        const TempDir closed;  // of root, mode 0700
        const TempDir files;
        const std::string file =
            files.write("x.ini",
                        "[server]\nuser = nobody\nport = 0\nbind = 127.0.0.1\n[site]\n"
                        "root = " +
                            closed.str() + "\n[log]\naccess = off\n");
        const Output output = run_daemon({"--config", file});
        CHECK(output.exit_status == 2);
        CHECK(has(output.err, file + ":6: root '" + closed.str() +
                                  "' cannot be entered: Permission denied; change that or name "
                                  "another with --root (as user nobody ("));
    }

    TEST_CASE("Root that stays root is warned, unless it says that it means it") {
        if (!is_root()) return;
        const CgiSite site;
        const Daemon warned({.root = site.root()});
        CHECK(has(warned.error_log(), "warning: Serving as root, which a web server never needs"));
        const Daemon meant({.root = site.root(), .user = "root"});
        CHECK_FALSE(has(meant.error_log(), "Serving as root"));
    }
}
