// The settings of scripts: [cgi], [cgi.env] and their options.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

CgiConfig cgi(std::string_view ini, const Arguments& arguments = {}) {
    return merge(ini, arguments).config.sites.front().cgi;
}

std::string refusal(std::string_view ini, const Arguments& arguments = {}) {
    return refusal_of([&] { merge(ini, arguments); });
}

TEST_SUITE_BEGIN("[cgi]");

TEST_CASE("Scripts are off by default, and have the limits that the issue names") {
    const Config config = merge("").config;
    CHECK(config.sites.front().cgi.directories.empty());
    CHECK(config.sites.front().cgi.interpreters.empty());
    CHECK(config.sites.front().cgi == CgiConfig{});
    CHECK(config.cgi_children == 64);
}

TEST_CASE("Each key of [cgi] reaches its member, and each option the same") {
    CgiConfig expected;
    expected.directories = {"/cgi-bin", "/a/b"};
    expected.interpreters = {{".py", "/usr/bin/python3"}};
    expected.env = {{"A", "b c"}};
    expected.pass_env = {"HOME", "TZ"};
    expected.authorization = true;
    expected.etag = true;
    expected.sendfile = {"/srv/my files"};
    expected.header_bytes = 8192;
    expected.timeout = 1500ms;
    expected.first_byte = 2s;
    expected.total = 3min;
    expected.grace = 4s;
    expected.background = 5h;
    expected.memory = 256u << 20;
    expected.processes = 7;
    expected.cpu = 8s;
    expected.sandbox = "strict";
    expected.sandbox_read = {"/r"};
    expected.sandbox_write = {"/w"};
    expected.sandbox_network = true;
    const Config from_file =
        merge(
            "[cgi]\ndirectories = /cgi-bin/, /a/b\ninterpreter = .PY /usr/bin/python3\n"
            "env = A=b c\npass_env = HOME,TZ\nauthorization = on\netag = on\n"
            "sendfile = /srv/my files\nheader_bytes = 8k\ntimeout = 1500ms\nfirst_byte = 2\n"
            "total = 3m\ngrace = 4s\nbackground = 5h\nmemory = 256m\nprocesses = 7\ncpu = 8\n"
            "sandbox = Strict\nsandbox_read = /r\nsandbox_write = /w\nsandbox_network = on\n"
            "children = 1\nper_script = 2\nqueue = 0\nqueue_timeout = 4s\n")
            .config;
    CHECK(from_file.sites.front().cgi == expected);
    CHECK(from_file.cgi_children == 1);
    CHECK(from_file.cgi_per_script == 2);
    CHECK(from_file.cgi_queue == 0);
    CHECK(from_file.cgi_queue_timeout == 4s);
    const Config from_line = merge("", {"--cgi-directories=/cgi-bin/",
                                        "--cgi-directories",
                                        "/a/b",
                                        "--cgi-interpreter",
                                        ".py /usr/bin/python3",
                                        "--cgi-env",
                                        "A=b c",
                                        "--cgi-pass-env",
                                        "HOME TZ",
                                        "--cgi-authorization",
                                        "on",
                                        "--cgi-etag=on",
                                        "--cgi-sendfile",
                                        "/srv/my files",
                                        "--cgi-header-bytes",
                                        "8192",
                                        "--cgi-timeout",
                                        "1500ms",
                                        "--cgi-first-byte",
                                        "2",
                                        "--cgi-total",
                                        "3m",
                                        "--cgi-grace",
                                        "4",
                                        "--cgi-background",
                                        "5h",
                                        "--cgi-memory",
                                        "256m",
                                        "--cgi-processes",
                                        "7",
                                        "--cgi-cpu",
                                        "8s",
                                        "--cgi-sandbox",
                                        "strict",
                                        "--cgi-sandbox-read",
                                        "/r",
                                        "--cgi-sandbox-write",
                                        "/w",
                                        "--cgi-sandbox-network",
                                        "on",
                                        "--cgi-children",
                                        "1",
                                        "--cgi-per-script",
                                        "2",
                                        "--cgi-queue",
                                        "0",
                                        "--cgi-queue-timeout",
                                        "4"})
                                 .config;
    CHECK(from_line == from_file);
}

TEST_CASE("--cgi runs /cgi-bin, unless the file or the line names directories") {
    CHECK(cgi("", {"--cgi"}).directories == Texts{"/cgi-bin"});
    CHECK(cgi("[cgi]\ndirectories = /x\n", {"--cgi"}).directories == Texts{"/x"});
    CHECK(cgi("", {"--cgi", "--cgi-directories", "/x"}).directories == Texts{"/x"});
    CHECK(cgi("", {"--cgi-directories", "/x", "--cgi"}).directories == Texts{"/x"});
    const CgiConfig both = cgi("[cgi]\n.py = /p\n", {"--cgi"});
    CHECK(both.directories == Texts{"/cgi-bin"});
    CHECK(both.interpreters == Pairs{{".py", "/p"}});
    const Parsed parsed = merge("[site a]\n[cgi a]\ndirectories = /y\n[site b]\n", {"--cgi"});
    CHECK(parsed.config.sites[1].cgi.directories == Texts{"/y"});
    CHECK(parsed.config.sites[2].cgi.directories == Texts{"/cgi-bin"});
    CHECK(origin_of(parsed.provenance, 0, "cgi.directories", "/cgi-bin") == "command line");
    CHECK(refusal("", {"--cgi=/x"}) == "basehttpd: option '--cgi' takes no value");
}

TEST_CASE("A key that begins with a dot maps an extension, as the key interpreter does") {
    const CgiConfig both =
        cgi("[cgi]\n.Py = /usr/bin/python3\ninterpreter = .pl /usr/bin/perl\n"
            ".inc.php = \"/opt/my php # 8\"\n");
    CHECK(both.interpreters == Pairs{{".py", "/usr/bin/python3"},
                                     {".pl", "/usr/bin/perl"},
                                     {".inc.php", "/opt/my php # 8"}});
    CHECK(cgi("[cgi]\n.py = /a\n", {"--cgi-interpreter", ".pl /b"}).interpreters ==
          Pairs{{".pl", "/b"}});
}

TEST_CASE("A key of [cgi.env] is a variable, letter case and all") {
    const CgiConfig read =
        cgi("[cgi.env]\nPath = /x\npath = y\n_A1 =\nenv = A=B\nB = \" # \"\n[cgi]\nenv = C=D=E\n");
    CHECK(read.env == Pairs{{"Path", "/x"},
                            {"path", "y"},
                            {"_A1", ""},
                            {"env", "A=B"},
                            {"B", " # "},
                            {"C", "D=E"}});
    CHECK(cgi("[cgi.env]\nREQUEST_METHOD = X\nHTTP_A = y\n").env ==
          Pairs{{"REQUEST_METHOD", "X"}, {"HTTP_A", "y"}});
    CHECK(cgi("[cgi.env]\nA = 1\n", {"--cgi-env", "B=", "--cgi-env=C=2"}).env ==
          Pairs{{"B", ""}, {"C", "2"}});
}

TEST_CASE("An empty list of inherited variables is not the default one") {
    CHECK(cgi("[cgi]\npass_env =\n").pass_env.empty());
    CHECK(cgi("", {"--cgi-pass-env", ""}).pass_env.empty());
}

TEST_CASE("A site takes over [cgi], and its [cgi NAME] changes what it names") {
    const Config config = merge(
                              "[cgi B.example]\ntimeout = 5m\n.pl = /pl\n"
                              "[site a.example b.example]\nroot = /srv\n"
                              "[cgi.env a.example]\nB = 2\n"
                              "[cgi]\n.py = /py\ntimeout = 1s\ndirectories = /x\nchildren = 3\n"
                              "[cgi.env]\nA = 1\n"
                              "[site c.example]\n",
                              {"--cgi-grace", "9"})
                              .config;
    REQUIRE(config.sites.size() == 3);
    CgiConfig expected = config.sites[0].cgi;
    CHECK(expected.grace == 9s);
    CHECK(expected.timeout == 1s);
    CHECK(expected.env == Pairs{{"A", "1"}});
    CHECK(config.sites[2].cgi == expected);
    expected.timeout = 5min;
    expected.interpreters = {{".pl", "/pl"}};
    expected.env = {{"B", "2"}};
    CHECK(config.sites[1].cgi == expected);
    CHECK(config.sites[1].root == "/srv");
}

TEST_CASE("A [cgi NAME NAME] sets several sites, and parts of it make one list") {
    const Config config = merge(
                              "[site a]\n[site b c]\n[cgi a b c]\n.x = /x\n"
                              "[cgi a]\n.y = /y\n"
                              "[cgi.env a]\nA = 1\n[cgi c]\nenv = B=2\n")
                              .config;
    CHECK(config.sites[0].cgi.interpreters.empty());
    CHECK(config.sites[1].cgi.interpreters == Pairs{{".x", "/x"}, {".y", "/y"}});
    CHECK(config.sites[1].cgi.env == Pairs{{"A", "1"}});
    CHECK(config.sites[2].cgi.interpreters == Pairs{{".x", "/x"}});
    CHECK(config.sites[2].cgi.env == Pairs{{"B", "2"}});
}

TEST_CASE("A value of [cgi NAME] is known by its line, and what it takes over by that one's") {
    const Parsed parsed =
        merge("[site a]\n[cgi a]\ntimeout = 5m\n[cgi.env a]\nA = 1\n[cgi]\n.x = /x\n");
    CHECK(origin_of(parsed.provenance, 1, "cgi.timeout", "5m") == "x.ini:3");
    CHECK(origin_of(parsed.provenance, 1, "cgi.env", "A=1") == "x.ini:5");
    CHECK(origin_of(parsed.provenance, 1, "cgi.interpreter", ".x /x") == "x.ini:7");
    CHECK(origin_of(parsed.provenance, 0, "cgi.timeout", "1m") == "default");
}

TEST_CASE("What --print-config prints of scripts reads back to the same settings") {
    const char* texts[] = {
        "[cgi]\n.py = /a b\ninterpreter = .x /y\ndirectories = /,/a\ncpu = 61s\ntotal = 0\n",
        "[cgi.env]\nA =\nB = \" x # y \"\nC = \"\\\"\"\nD = =\n",
        "[cgi]\nenv = A=1\nsendfile = /a # b\nsendfile = \"/a # b\"\npass_env =\nchildren = 1\n",
        "[cgi]\nenv = A=1\n.x = /x\ntimeout = 1\n[site a b]\n[cgi b]\nenv =\npass_env = A\n",
        "[cgi]\nsandbox_read = /a\n[site a]\nlisting = off\n[site b]\n[cgi b a]\nmemory = 1m\n",
    };
    for (const char* text : texts) {
        CAPTURE(text);
        const Parsed parsed = merge(text);
        const std::string printed = print_config(parsed.config, parsed.provenance);
        CAPTURE(printed);
        CHECK(merge(printed).config == parsed.config);
    }
    const Parsed parsed = merge("[site a]\n");
    const std::string printed = print_config(parsed.config, parsed.provenance);
    const std::size_t named = printed.find("\n[cgi a]\n");
    REQUIRE(named != printed.npos);
    CHECK(printed.find("\nchildren = ", named) == printed.npos);
    CHECK(printed.find("\nfirst_byte = 0 ", named) != printed.npos);
}

TEST_CASE("A wrong option of scripts is named as it was written") {
    struct Row {
        Arguments arguments;
        const char* refused;
    };
    const Row rows[] = {
        {{"--cgi-directories", "cgi-bin"},
         "basehttpd: --cgi-directories 'cgi-bin' is not a path of the site such as /cgi-bin"},
        {{"--cgi-interpreter", ".py python3"},
         "basehttpd: --cgi-interpreter '.py python3' is not an extension and the absolute path of "
         "a program such as '.py /usr/bin/python3'"},
        {{"--cgi-env", "A"}, "basehttpd: --cgi-env 'A' is not of the form 'NAME=value'"},
        {{"--cgi-timeout", "0"},
         "basehttpd: --cgi-timeout '0' is not a duration from 1ms to 24h (seconds, or with ms, s, "
         "m or h)"},
        {{"--cgi-timeot", "1"},
         "basehttpd: unknown option '--cgi-timeot'; did you mean "
         "'--cgi-timeout'?"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.refused);
        CHECK(refusal("", row.arguments) == row.refused);
    }
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
