#include "handlers/process/sandbox.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "tests/support/captured_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

/// A site, a directory to write to and one that is out of reach.
struct Place {
    Place() {
        files.write("site/page.html", "page");
        files.write("outside/secret", "canary");
        files.write("read/data", "data");
        files.mkdir("write");
        Sandbox::Options options;
        options.document_root = path("site");
        options.read = {path("read"), path("missing")};
        options.write = {path("write")};
        sandbox = Sandbox::strict(options);
        usable = sandbox->ruleset() >= 0;
        if (!usable) std::puts("SKIPPED: the kernel lacks Landlock");
    }

    std::string path(std::string_view name) const { return (files / name).string(); }

    /// What a shell in the sandbox prints, in the directory of the site.
    std::string run(std::string text) const {
        SpawnRequest request = shell(std::move(text));
        request.sandbox = sandbox->ruleset();
        request.directory_path = path("site");
        return output_of(request);
    }
    /// Whether a shell command succeeds there.
    bool can(const std::string& command) const {
        return run("if (" + command + ") > /dev/null 2>&1; then echo yes; else echo no; fi") ==
               "yes\n";
    }
    std::string python(const std::string& text) const {
        return run("exec python3 -c '" + text + "' 2>&1");
    }
    /// The kernel's Landlock, from the description.
    int abi() const {
        const std::string& text = sandbox->description();
        return text.starts_with("Landlock ABI ") ? std::stoi(text.substr(13)) : 0;
    }

    TempDir files;
    std::shared_ptr<const Sandbox> sandbox;
    bool usable = false;
};

/// A listening TCP socket of the loopback and its port.
std::pair<Fd, int> tcp_listener() {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd.get(), 8) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return {std::move(fd), ntohs(address.sin_port)};
}

std::string connect_program(int port) {
    return "import socket\ntry: socket.create_connection((\"127.0.0.1\", " + std::to_string(port) +
           "), 10); print(\"connected\")\nexcept OSError as e: print(e.errno)";
}

}  // namespace

TEST_SUITE("Sandbox") {
    TEST_CASE("A sandbox describes itself and tells which paths are missing") {
        const Place place;
        if (!place.usable) {
            CHECK(place.sandbox->description() ==
                  "the kernel lacks Landlock: only no_new_privs and limits hold");
            return;
        }
        CHECK(place.sandbox->skipped() == std::vector<std::string>{place.path("missing")});
        if (place.abi() >= 6) {
            CHECK(place.sandbox->description() ==
                  "Landlock ABI " + std::to_string(place.abi()) + ": files, TCP, signals");
        }
    }

    TEST_CASE("A script reads the site, the system and what it was given, and nothing else") {
        const Place place;
        if (!place.usable) return;
        struct Row {
            std::string path;
            bool readable;
        };
        const Row rows[] = {
            {place.path("site/page.html"), true},
            {place.path("read/data"), true},
            {place.path("outside/secret"), false},
            {place.path("site/../outside/secret"), false},
            {"/etc/passwd", true},
            {"/etc/shadow", false},
            {"/etc/gshadow", false},
            {"/usr/bin/env", true},
            {"/proc/self/environ", false},
            {"/proc/self/cmdline", false},
            {"/proc/1/cmdline", false},
            {"/proc/" + std::to_string(::getpid()) + "/environ", false},
            {"/proc/meminfo", true},
            {"/dev/null", true},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            CHECK(place.can("cat " + row.path) == row.readable);
        }
        for (const char* directory : {"/etc", "/etc/ssl/private", "/root", "/home", "/tmp", "/var",
                                      "/proc", "/sys", "/dev", "/run", "/"}) {
            CAPTURE(directory);
            CHECK_FALSE(place.can("ls " + std::string(directory)));
        }
        CHECK(place.can("ls " + place.path("site")));
    }

    TEST_CASE("Links do not lead out") {
        const Place place;
        if (!place.usable) return;
        place.files.symlink("site/link", place.path("outside/secret"));
        place.files.symlink("write/link", "/etc/shadow");
        CHECK_FALSE(place.can("cat link"));
        CHECK_FALSE(place.can("cat ../write/link"));
        CHECK_FALSE(place.can("ln ../outside/secret ../write/hard && cat ../write/hard"));
        CHECK_FALSE(place.can("mv page.html ../write/"));
    }

    TEST_CASE("A script writes only where it may") {
        const Place place;
        if (!place.usable) return;
        struct Row {
            const char* command;
            bool works;
        };
        constexpr Row rows[] = {
            {"echo x > new", false},
            {"echo x >> page.html", false},
            {"rm page.html", false},
            {"mkdir directory", false},
            {"ln -s page.html link", false},
            {"echo x > /tmp/basehttp-sandbox-test", false},
            {"echo x > /var/tmp/basehttp-sandbox-test", false},
            {"echo x > /dev/shm/basehttp-sandbox-test", false},
            {"echo x > ../read/new", false},
            {"echo x > ../write/new && cat ../write/new", true},
            {"echo y > ../write/new", true},
            {"mkdir ../write/a ../write/b && mv ../write/new ../write/a/n", true},
            {"mv ../write/a/n ../write/b/n && ln -s n ../write/b/link && rm -r ../write/b", true},
            {"mkfifo ../write/fifo", true},
            {"mknod ../write/device c 1 3", false},
            {"cp /bin/true ../write/program && ../write/program", false},
            {"echo x > /dev/null", true},
        };
        for (const Row& row : rows) {
            CAPTURE(row.command);
            CHECK(place.can(row.command) == row.works);
        }
        if (place.abi() >= 3) CHECK_FALSE(place.can("truncate -s 0 page.html"));
        CHECK(std::filesystem::file_size(place.path("site/page.html")) == 4);
    }

    TEST_CASE("The usual interpreters work") {
        const Place place;
        if (!place.usable) return;
        CHECK(place.run("echo $((1 + 2)) | cat") == "3\n");
        CHECK(place.run("echo to >/dev/stderr; echo x | cat /dev/stdin; echo y > /dev/stdout") ==
              "to\nx\ny\n");
        CHECK(place.run(
                  "perl -e 'use POSIX; print strftime(\"%Y\", gmtime(0)), scalar getpwuid(0)'") ==
              "1970root");
        CHECK(place.python("import ssl, json, socket, subprocess, time; "
                           "print(subprocess.check_output([\"/bin/echo\", \"x\"]))") ==
              "b'x\\n'\n");
        CHECK(place.run("awk 'BEGIN { print 6 * 7 }'") == "42\n");
        CHECK(place.can("bash -c 'cat <(echo x)'"));
    }

    TEST_CASE("A script in the site is executed, a program outside is not") {
        const Place place;
        if (!place.usable) return;
        for (const char* name : {"site/script", "outside/script"}) {
            const auto file = place.files.write(name, "#!/bin/sh\necho ran\n");
            ::chmod(file.c_str(), 0755);
        }
        CHECK(place.run("./script") == "ran\n");
        CHECK_FALSE(place.can("../outside/script"));
    }

    TEST_CASE("TCP is closed unless it was asked for") {
        struct OpenPlace : Place {
            OpenPlace() {
                Sandbox::Options options;
                options.document_root = path("site");
                options.network = true;
                sandbox = Sandbox::strict(options);
            }
        };
        const Place closed;
        const OpenPlace open;
        if (!closed.usable) return;
        if (closed.abi() < 4) {
            std::puts("SKIPPED: Landlock cannot deny TCP before ABI 4");
            return;
        }
        const auto [listener, port] = tcp_listener();
        CHECK(closed.python(connect_program(port)) == std::to_string(EACCES) + "\n");
        CHECK(open.python(connect_program(port)) == "connected\n");
        CHECK(closed.python("import socket\ntry: socket.create_server((\"127.0.0.1\", 0))\n"
                            "except OSError as e: print(e.errno)") ==
              std::to_string(EACCES) + "\n");
        CHECK(open.sandbox->description().find("TCP") == std::string::npos);
    }

    TEST_CASE("Signals reach a script's own processes and no others") {
        const Place place;
        if (!place.usable) return;
        if (place.abi() < 6) {
            std::puts("SKIPPED: Landlock cannot deny signals before ABI 6");
            return;
        }
        CapturedChild other(shell("exec sleep 100000"));
        CHECK_FALSE(place.can("kill -0 " + std::to_string(::getpid())));
        CHECK_FALSE(place.can("kill -KILL " + std::to_string(other.child->pid())));
        CHECK_FALSE(other.child->ended());
        CHECK(place.can("sleep 100000 & kill -KILL $! && wait $!; test $? = 137"));
    }

    TEST_CASE("Abstract sockets of others are closed") {
        const Place place;
        if (!place.usable || place.abi() < 6) return;
        const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string name = "basehttp-test-" + std::to_string(::getpid());
        name.copy(address.sun_path + 1, name.size());
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener.get(), 1) == 0);
        CHECK(place.python("import socket\ntry: socket.socket(socket.AF_UNIX).connect(\"\\0" +
                           name +
                           "\"); print(\"connected\")\nexcept OSError as e: print(e.errno)") ==
              std::to_string(EPERM) + "\n");
    }
}

}  // namespace basehttp
