// What scripts leave behind, the daemon's end, limits, and what the logs tell.
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view header = "printf 'Content-Type: text/plain\\n\\n'\n";

/// After child().signal(SIGTERM), which a daemon with children needs instead of signal(): stop()
/// must not send another one, which would mean "at once".
void wait_for_end(Daemon& daemon) {
    daemon.child().until([] { return false; });  // returns at its end
    daemon.stop();
}

}  // namespace

TEST_SUITE("daemon cgi supervision") {
    TEST_CASE("What a script leaves running is ended with it, also in sessions of its own") {
        const char* scripts[] = {
            "tail -f /dev/null &\n",
            "setsid tail -f /dev/null >/dev/null 2>&1 </dev/null &\n",
            "setsid sh -c 'trap \"\" TERM HUP; while :; do read x <../never; done' >&- 2>&- <&- "
            "&\n",
            // Twice forked, with a session each time.
            "setsid sh -c 'setsid sh -c \"trap : TERM; while :; do read x <../never; done\" & "
            "setsid tail -f /dev/null &' >/dev/null 2>&1\n",
            "for i in 1 2 3 4 5 6 7 8; do (setsid tail -f /dev/null &) >/dev/null 2>&1; done\n",
        };
        for (const char* script : scripts) {
            CAPTURE(std::string(script));
            const CgiSite site;
            const Fd never = site.fifo("never");
            site.script("fork.sh",
                        "#!/bin/sh\n" + std::string(script) + std::string(header) + "echo done\n");
            Daemon daemon({.root = site.root(), .ini = cgi_ini("grace = 100ms\n")});
            CHECK(daemon.get("/cgi-bin/fork.sh").body == "done\n");
            CHECK(site.idle(daemon));
            daemon.stop();
        }
    }

    TEST_CASE("A script may leave work behind for as long as the settings say") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script(
            "later.sh",
            "#!/bin/sh\n(read -r line <../go; echo \"$line\" >../result) >/dev/null 2>&1 &\n" +
                std::string(header) + "echo done\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini("background = 1h\n")});
        CHECK(daemon.get("/cgi-bin/later.sh").body == "done\n");
        CHECK(site.runs(daemon, 1));
        write_line(fifo, "worked");
        CHECK(site.idle(daemon));
        CHECK(read_text(site.files() / "result") == "worked\n");
    }

    TEST_CASE("The daemon's end ends its scripts, and gives them time to finish") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", "#!/bin/sh\nread -r line <../go\n" + std::string(header) +
                                   "printf '%s' \"$line\"\n");
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        RawClient client(daemon.endpoint().port);
        client.send("GET /cgi-bin/wait.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(site.runs(daemon, 1));
        daemon.child().signal(SIGTERM);
        CHECK(daemon.child().until([&] { return has(daemon.error_log(), "Stopping"); }));
        write_line(fifo, "in time");
        CHECK(parse_reply(client.receive_all()).body == "in time");
        CHECK(site.idle(daemon));
        wait_for_end(daemon);
    }

    TEST_CASE("Scripts that do not finish are ended when the time to end is over") {
        const CgiSite site;
        const Fd never = site.fifo("never");
        site.script("stuck.sh",
                    "#!/bin/sh\ntrap '' TERM\nsetsid sh -c 'trap \"\" TERM; read x <../never' &\n"
                    "while :; do read x <../never; done\n");
        Daemon daemon(
            {.root = site.root(),
             .ini = cgi_ini("timeout = 1h\ngrace = 100ms\n") + "[timeouts]\nshutdown = 200ms\n",
             .expected_log = {"stuck.sh"}});
        {
            RawClient client(daemon.endpoint().port);
            client.send("GET /cgi-bin/stuck.sh HTTP/1.1\r\nHost: x\r\n\r\n");
            CHECK(site.runs(daemon, 2));
            daemon.child().signal(SIGTERM);
            client.receive_all();
        }
        CHECK(site.idle(daemon));
        wait_for_end(daemon);
    }

    TEST_CASE("Scripts end with a daemon that is killed") {
        const CgiSite site;
        const Fd never = site.fifo("never");
        site.script("stuck.sh", "#!/bin/sh\nread x <../never\n");
        const TempDir work;
        ChildOptions options;
        auto [listening, endpoint] = listening_socket();
        options.arguments = {"--root", site.root(), "--cgi", "--access-log", "off"};
        options.listening = listening.get();
        options.out = work / "out";
        options.err = work / "err";
        Child child(options);
        RawClient client(endpoint.port);
        client.send("GET /cgi-bin/stuck.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(child.until([&] { return site.processes().size() == 1; }));
        child.signal(SIGKILL);
        CHECK(child.wait(20'000));
        listening.reset();
        const TempDir empty;
        const Daemon other({.root = empty.str()});  // until() needs one that runs
        CHECK(site.idle(other));
    }

    TEST_CASE(
        "Scripts have signals at their default, no foreign descriptor, and a clean environment") {
        const CgiSite site;
        site.files().write("x", "");
        site.script(
            "state.py",
            "#!/usr/bin/python3\nimport os, signal\n"
            "print('Content-Type: text/plain\\n')\n"
            "ignored = [l for l in open('/proc/self/status') if l.startswith(('SigIgn', "
            "'SigBlk'))]\n"
            "print('fds', sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1])\n"
            "print('own group', os.getpgid(0) == os.getpid())\n"
            "print('no new privileges', [l.split()[1] for l in open('/proc/self/status') "
            "if l.startswith('NoNewPrivs')])\n"
            "print('blocked', ignored[0].split()[1])\n"
            "print('listen', [n for n in os.environ if n.startswith(('LISTEN_', 'BASEHTTPD'))])\n");
        if (!has_all({"/usr/bin/python3"})) return;
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        CHECK(daemon.get("/cgi-bin/state.py").body ==
              "fds [0, 1, 2]\nown group True\nno new privileges ['1']\n"
              "blocked 0000000000000000\nlisten []\n");
    }

    TEST_CASE("Lines of a script's stderr are in the error log with id, script and process") {
        const CgiSite site;
        site.script("talk.sh", "#!/bin/sh\necho first >&2\nprintf 'sec\\033ond' >&2\n" +
                                   std::string(header) + "echo $UNIQUE_ID $$\n");
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const std::string body = daemon.get("/cgi-bin/talk.sh").body;
        daemon.stop();
        const std::string id = body.substr(0, body.find(' '));
        const std::string pid = body.substr(id.size() + 1, body.size() - id.size() - 2);
        CHECK(id.size() == 22);
        std::size_t found = 0;
        for (const std::string& line : lines_of(daemon.error_log())) {
            if (!has(line, "first") && !has(line, "sec")) continue;
            ++found;
            CAPTURE(line);
            CHECK(has(line, id));
            CHECK(has(line, "/cgi-bin/talk.sh"));
            CHECK(has(line, pid));
            CHECK_FALSE(has(line, "\033"));
        }
        CHECK(found == 2);
        CHECK(has(daemon.access_log(), id));
    }

    TEST_CASE("The access log line of a script tells its end, its times and its memory") {
        const CgiSite site;
        site.script("ok.pl",
                    "#!/usr/bin/perl\nmy $big = 'x' x 60_000_000;\n"
                    "print \"Content-Type: text/plain\\n\\n$ENV{UNIQUE_ID} $$\\n\";\nexit 3;\n");
        site.script("crash.sh", "#!/bin/sh\nkill -SEGV $$\n");
        site.files().write("file.txt", "static");
        Daemon daemon(
            {.root = site.root(), .ini = cgi_ini(), .expected_log = {"/ok.pl", "/crash.sh"}});
        const std::string body = daemon.get("/cgi-bin/ok.pl").body;
        daemon.get("/cgi-bin/crash.sh");
        daemon.get("/file.txt");
        daemon.stop();
        const auto lines = lines_of(daemon.access_log());
        REQUIRE(lines.size() == 3);  // in any order
        const auto line_of = [&lines](std::string_view target) {
            const auto at = std::find_if(lines.begin(), lines.end(),
                                         [target](const auto& line) { return has(line, target); });
            return at != lines.end() ? *at : "";
        };
        const std::string ok = line_of("/ok.pl"), crash = line_of("/crash.sh");
        const std::string id = body.substr(0, body.find(' '));
        const std::string pid = body.substr(id.size() + 1, body.size() - id.size() - 2);
        for (const std::string& part :
             {" id=" + id + " ", " script_pid=" + pid + " ", std::string(" script_exit=3 "),
              std::string(" script_user_us="), std::string(" script_system_us="),
              std::string(" script_peak_kib="), std::string(" script_spawn_us="),
              std::string(" script_first_byte_us=")})
            CHECK_MESSAGE(has(ok, part), part << " in " << ok);
        CHECK(std::stol(ok.substr(ok.find("script_peak_kib=") + 16)) > 50'000);
        CHECK(has(crash, "\" 502 "));
        CHECK(has(crash, " script_signal=11 "));
        CHECK_FALSE(has(crash, "script_exit"));
        CHECK_FALSE(has(line_of("/file.txt"), "script"));
    }

    TEST_CASE("A script that floods stderr is not held back by it, and the log is not flooded") {
        const CgiSite site;
        site.script("loud.sh", "#!/bin/sh\nyes 'much to say' | head -n 200000 >&2\n" +
                                   std::string(header) + "echo done\n");
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        CHECK(daemon.get("/cgi-bin/loud.sh").body == "done\n");
        daemon.stop();
        CHECK(daemon.error_log().size() < 200'000);
        CHECK(has(daemon.error_log(), "not logged"));
    }
}
