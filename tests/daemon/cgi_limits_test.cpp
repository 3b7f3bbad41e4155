// What scripts may not do: read and write elsewhere, use the network, take memory, time, processes.
#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view header = "printf 'Content-Type: text/plain\\n\\n'\n";

std::string text_script(std::string_view lines) {
    return "#!/bin/sh\nexec 2>/dev/null\n" + std::string(header) + std::string(lines);
}

}  // namespace

TEST_SUITE("daemon cgi limits") {
    TEST_CASE("A strict sandbox hides what is not of the system or the site") {
        const TempDir outside, allowed, writable;
        const std::string canary = outside.write("canary", "secret");
        const std::string data = allowed.write("data", "data");
        const CgiSite site;
        site.files().write("page.txt", "page");
        site.script("look.sh",
                    text_script("cat " + canary + " && echo ' read'\nls " + outside.str() +
                                "\ncat " + data +
                                " ../page.txt look.sh | wc -c\n"
                                "echo x >" +
                                data +
                                " && echo 'wrote data'\n"
                                "echo x >../page.txt && echo 'wrote site'\n"
                                "echo x >/tmp/basehttp-canary && echo 'wrote tmp'\n"
                                "echo x >" +
                                (outside / "new").string() +
                                " && echo 'wrote out'\n"
                                "cat /etc/shadow >/dev/null && echo 'read shadow'\n"
                                "cat /proc/$PPID/environ >/dev/null && echo 'read environ'\n"
                                "kill -0 $PPID && echo 'may signal'\n"
                                "echo kept >" +
                                (writable / "file").string() + "\necho end\n"));
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini("sandbox = strict\nsandbox_read = " + allowed.str() +
                                            "\nsandbox_write = " + writable.str() + "\n")});
        const Reply reply = daemon.get("/cgi-bin/look.sh");
        CHECK(reply.status == 200);
        CHECK(has(reply.body, "\nend\n"));
        for (const char* bad : {"secret", "canary", "wrote", "read", "may"})
            CHECK_MESSAGE(!has(reply.body, bad), std::string(bad) << " in " << reply.body);
        const auto size = 8 + std::filesystem::file_size(site.files() / "cgi-bin/look.sh");
        CHECK(reply.body.starts_with(std::to_string(size) + "\n"));
        CHECK(read_text(writable / "file") == "kept\n");
        CHECK(read_text(site.files() / "page.txt") == "page");
        CHECK_FALSE(std::filesystem::exists("/tmp/basehttp-canary"));
        CHECK(has(daemon.error_log(), "andbox"));  // what it enforces here is stated at the start
    }

    TEST_CASE("Without a sandbox a script reads what the daemon's user may read") {
        const TempDir outside;
        const std::string canary = outside.write("canary", "secret");
        const CgiSite site;
        site.script("look.sh", text_script("cat " + canary + "\n"));
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        CHECK(daemon.get("/cgi-bin/look.sh").body == "secret");
    }

    TEST_CASE("A strict script connects to nothing by TCP unless the settings say so") {
        if (!has_all({"/usr/bin/python3"})) return;
        const auto [listening, endpoint] = listening_socket();
        const std::string text =
            "#!/usr/bin/python3\nimport socket\nprint('Content-Type: text/plain\\n')\n"
            "def attempt(name, act):\n"
            "    try:\n        act(socket.socket())\n        print(name, 'yes')\n"
            "    except OSError:\n        print(name, 'no')\n"
            "attempt('connect', lambda s: s.connect(('127.0.0.1', " +
            std::to_string(endpoint.port) +
            ")))\n"
            "attempt('bind', lambda s: s.bind(('127.0.0.1', 0)))\n";
        for (const bool network : {false, true}) {
            const CgiSite site;
            site.script("net.py", text);
            const Daemon daemon(
                {.root = site.root(),
                 .ini = cgi_ini(std::string("sandbox = strict\nsandbox_network = ") +
                                (network ? "on\n" : "off\n"))});
            CHECK(daemon.get("/cgi-bin/net.py").body ==
                  (network ? "connect yes\nbind yes\n" : "connect no\nbind no\n"));
        }
    }

    TEST_CASE("The interpreters of common languages work in a strict sandbox") {
        struct Row {
            const char* program;
            const char* script;
            const char* ini = "";
        };
        const Row rows[] = {
            {"/usr/bin/perl",
             "#!/usr/bin/perl\nuse CGI;\nprint CGI->new->header('text/plain'), 'ok';\n"},
            {"/usr/bin/python3",
             "#!/usr/bin/python3\nimport json, tempfile, os\nprint('Content-Type: text/plain\\n')\n"
             "print(json.dumps('ok')[1:3], end='')\n"},
            {"/usr/bin/gawk",
             "#!/usr/bin/gawk -f\nBEGIN { printf \"Content-Type: text/plain\\n\\nok\" }\n"},
            {"/bin/bash",
             "#!/bin/bash\nprintf 'Content-Type: text/plain\\n\\n%s' \"$(date >/dev/null; echo "
             "ok)\"\n"},
            {"/usr/bin/php-cgi", "#!/usr/bin/php-cgi\n<?php echo 'ok';", "sandbox_write = /tmp\n"},
        };
        for (const Row& row : rows) {
            if (!std::filesystem::exists(row.program)) continue;
            CAPTURE(std::string(row.program));
            const CgiSite site;
            site.script("run.cgi", row.script);
            const Daemon daemon(
                {.root = site.root(), .ini = cgi_ini(std::string("sandbox = strict\n") + row.ini)});
            CHECK(daemon.get("/cgi-bin/run.cgi").body == "ok");
        }
    }

    TEST_CASE("A script that takes too much memory fails, and only that one") {
        if (!has_all({"/usr/bin/perl"})) return;
        const CgiSite site;
        site.script("big.pl",
                    "#!/usr/bin/perl\nmy $x = 'x' x 300_000_000;\n"
                    "print \"Content-Type: text/plain\\n\\n\", length $x;\n");
        site.script("small.pl", "#!/usr/bin/perl\nprint \"Content-Type: text/plain\\n\\nok\";\n");
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini("memory = 64m\n"), .expected_log = {"big.pl"}});
        CHECK(daemon.get("/cgi-bin/big.pl").status == 502);
        CHECK(daemon.get("/cgi-bin/small.pl").body == "ok");
    }

    TEST_CASE("A script that takes too much CPU time is ended, and the log says why") {
        const CgiSite site;
        site.script("spin.sh", "#!/bin/sh\nwhile :; do :; done\n");
        Daemon daemon(
            {.root = site.root(), .ini = cgi_ini("cpu = 1\n"), .expected_log = {"spin.sh"}});
        CHECK(daemon.get("/cgi-bin/spin.sh").status == 502);
        daemon.stop();
        CHECK(has(reports(daemon).at(0), "CPU"));
    }

    TEST_CASE("A script that forks meets the limit of processes") {
        if (!has_all({"/usr/bin/perl"})) return;
        const CgiSite site;
        // Would make 600; the number that it could make is its answer.
        site.script("forks.pl",
                    "#!/usr/bin/perl\nmy $n = 0;\nwhile ($n < 600) {\n  my $pid = fork;\n"
                    "  last unless defined $pid;\n  if (!$pid) { sleep 1000; exit }\n  $n++;\n}\n"
                    "print \"Content-Type: text/plain\\n\\n$n\";\n");
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini("processes = 20\ngrace = 100ms\n"),
                             .unprivileged = true});
        for (int i = 0; i < 3; ++i) {
            const RawReply reply = raw_get(daemon, "/cgi-bin/forks.pl");
            CAPTURE(reply.body);
            REQUIRE(reply.status == 200);
            CHECK(std::stoi(reply.body) > 5);
            CHECK(std::stoi(reply.body) < 20);
            CHECK(site.idle(daemon));
        }
    }

    TEST_CASE("A fork bomb is ended to the last process") {
        if (!has_all({"/usr/bin/perl"})) return;
        const CgiSite site;
        // Its own ulimit is only there to save the machine when ours fails.
        site.script("bomb.sh",
                    "#!/bin/bash\nulimit -u 150 2>/dev/null\n"
                    "exec perl -e '$SIG{TERM} = \"IGNORE\"; setpgrp; fork while 1'\n");
        site.script("good.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\ngood'\n");
        Daemon daemon({.root = site.root(),
                       .ini = cgi_ini("processes = 20\ntimeout = 300ms\ngrace = 100ms\n"),
                       .expected_log = {"bomb.sh"},
                       .unprivileged = true});
        CHECK(raw_get(daemon, "/cgi-bin/bomb.sh").status == 504);
        CHECK(site.idle(daemon));
        CHECK(daemon.get("/cgi-bin/good.sh").body == "good");
        daemon.stop();
    }
}
