// `basehttpd cgi SCRIPT`: one run without a server.
#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

TEST_SUITE("daemon cgi offline") {
    TEST_CASE("basehttpd cgi prints what would be sent") {
        const CgiSite site;
        const auto script =
            site.script("hello.sh",
                        "#!/bin/sh\nprintf 'Content-Type: text/plain\\nX-A: 1\\n\\n'\n"
                        "echo \"$REQUEST_METHOD $PATH_INFO $QUERY_STRING "
                        "$CONTENT_LENGTH $(cat)\"\n");
        const TempDir place;
        const std::string body = place.write("body", "the body");
        const Output plain = run_daemon({"cgi", script, "--root", site.root()});
        CHECK(plain.exit_status == 0);
        CHECK(has(plain.err, "status=200 "));
        CHECK(has(plain.err, " script_exit=0 "));
        CHECK(plain.out.starts_with("HTTP/1.1 200 "));
        CHECK(has(plain.out, "Content-Type: text/plain"));
        CHECK(has(plain.out, "X-A: 1"));
        CHECK(has(plain.out, "\nGET"));
        const Output post = run_daemon({"cgi", script, "--root", site.root(), "--method", "POST",
                                        "--body", body, "--path-info", "/a/b", "--query", "x=1"});
        CHECK(post.exit_status == 0);
        CHECK(has(post.out, "POST /a/b x=1 8 the body"));
    }

    TEST_CASE("basehttpd cgi says why it would be a 502") {
        struct Row {
            const char* text;
            const char* why;
        };
        const Row rows[] = {
            {"#!/bin/sh\necho hello\n", "hello"},
            {"#!/bin/sh\necho 'no database' >&2\nexit 3\n", "exit status 3"},
            {"#!/bin/sh\nkill -SEGV $$\n", "signal 11"},
            {"#!/bin/sh\nexit 0\n", "wrote nothing"},
            {"#!/no/such/interpreter\n", "/no/such/interpreter"},
        };
        for (const Row& row : rows) {
            CAPTURE(std::string(row.text));
            const CgiSite site;
            const Output output =
                run_daemon({"cgi", site.script("bad.sh", row.text), "--root", site.root()});
            CHECK(output.exit_status == 1);
            CHECK(has(output.out + output.err, "502"));
            CHECK(has(output.out + output.err, row.why));
        }
    }

    TEST_CASE("basehttpd cgi uses the settings of a file, with its deadlines and limits") {
        const CgiSite site;
        const auto script = site.script(
            "env.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' \"$WHO\"\n");
        const auto slow = site.script("slow.sh", "#!/bin/sh\nexec tail -f /dev/null\n");
        const TempDir place;
        const std::string ini = place.write(
            "basehttpd.ini", "[site]\nroot = " + site.root() + "\n" + cgi_ini("timeout = 200ms\n") +
                                 "[cgi.env]\nWHO = me\n");
        const Output output = run_daemon({"cgi", script, "--config", ini});
        CHECK(output.exit_status == 0);
        CHECK(output.out.ends_with("me"));
        const Output late = run_daemon({"cgi", slow, "--config", ini});
        CHECK(late.exit_status == 1);
        CHECK(has(late.out + late.err, "504"));
    }

    TEST_CASE("basehttpd cgi refuses what it cannot run, and says how it is used") {
        CHECK(run_daemon({"cgi"}).exit_status == 2);
        CHECK(run_daemon({"cgi", "/no/such/script"}).exit_status == 2);
        CHECK(run_daemon({"cgi", "no-such-script"}).exit_status == 2);
        CHECK(has(run_daemon({"cgi", "--help"}).out, "--path-info"));
    }
}
