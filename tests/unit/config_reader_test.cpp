#include "config/config_reader.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config_print.hpp"
#include "tests/support/settings_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

Parsed read(const Arguments& arguments) { return read_command({"basehttpd"}, arguments); }

std::string refusal(const Arguments& arguments) {
    return refusal_of([&] { read(arguments); });
}

TEST_SUITE_BEGIN("read_config");

TEST_CASE("Without arguments the defaults are served") {
    const Parsed parsed = read({});
    CHECK(parsed.action == Action::serve);
    CHECK(parsed.config == Config{});
    CHECK(parsed.text.empty());
}

TEST_CASE("Every spelling of an option is understood") {
    const std::vector<Arguments> rows = {
        {"--port", "81"}, {"--port=81"}, {"-p", "81"},       {"-p81"},
        {"81"},           {"--", "81"},  {"80", "-p", "81"}, {"--port=80", "81"}};
    for (const Arguments& row : rows) {
        CAPTURE(row.front());
        CHECK(read(row).config.port == 81);
    }
    for (const Arguments& row : std::vector<Arguments>{
             {"--root", "/"}, {"--directory", "/"}, {"-d", "/"}, {"-d/"}, {"--root=/"}}) {
        CAPTURE(row.front());
        CHECK(read(row).config.sites.front().root == "/");
    }
    CHECK(read({"--access-log", "-", "--charset", ""}).config.sites.front().charset.empty());
}

TEST_CASE("An action is told from serving, and help goes before the rest") {
    CHECK(read({"--check-config"}).action == Action::check);
    CHECK(read({"--print-config"}).action == Action::print);
    CHECK(read({"--version", "--config", "/no/such"}).action == Action::version);
    const Parsed help = read({"--version", "-h", "--check-config", "--config", "/no/such"});
    CHECK(help.action == Action::help);
    CHECK(help.text == help_text());
}

TEST_CASE("A configuration file that cannot be read is named") {
    const TempDir dir;
    CHECK(refusal({"-c", "/no/such.ini"}) ==
          "basehttpd: configuration file '/no/such.ini' cannot be read: No such file or directory");
    CHECK(refusal({"-c", dir.str().c_str()}) ==
          "basehttpd: configuration file '" + dir.str() + "' cannot be read: Is a directory");
    const std::string large = dir.write("large.ini", std::string((1u << 20) + 1, '\n')).string();
    CHECK(refusal({"-c", large.c_str()}) == "basehttpd: configuration file '" + large +
                                                "' has more than 1 MiB; is it the right one?");
}

TEST_CASE("A control character in a value of the command line is refused and not printed") {
    CHECK(refusal({"--server-header", "a\nb"}) ==
          "basehttpd: --server-header 'a?b' has a control character");
    CHECK(refusal({"a\nb"}).starts_with("basehttpd: unexpected argument 'a?b';"));
    CHECK(refusal({"--a\nb"}) == "basehttpd: unknown option '--a?b'; see --help");
}

TEST_CASE("A root is checked where it counts: a file's root that the user replaced is not") {
    const TempDir dir;
    const std::string ini = dir.write("x.ini", "[site]\nroot = /no/such\n").string();
    CHECK(refusal({"-c", ini.c_str()}) ==
          ini + ":2: root '/no/such' does not exist; create it or name another with --root");
    CHECK(refusal({"-c", ini.c_str(), "--root", "/"}).empty());
    const std::string file = dir.write("file", "").string();
    CHECK(refusal({"--root", file.c_str()}) ==
          "basehttpd: root '" + file + "' is not a directory; name another with --root");
}

TEST_SUITE_END();
TEST_SUITE_BEGIN("merge_config");

TEST_CASE("The command line wins over the file, which wins over the defaults") {
    const Parsed parsed = merge("[server]\nport = 1\nqueue = 2\n", {"--port", "3"});
    CHECK(parsed.config.port == 3);
    CHECK(parsed.config.queue == 2);
    CHECK(parsed.config.backlog == Config{}.backlog);
    CHECK(origin_of(parsed.provenance, 0, "server.port", "3") == "command line");
    CHECK(origin_of(parsed.provenance, 0, "server.queue", "2") == "x.ini:3");
    CHECK(origin_of(parsed.provenance, 0, "server.backlog", "1024") == "default");
    CHECK(blame(parsed.provenance, 0, "server.queue", "2") == "x.ini:3");
    CHECK(blame(parsed.provenance, 0, "server.port", "3") == "basehttpd");
}

TEST_CASE("A value in the file must be right even where the command line wins") {
    CHECK_THROWS_WITH_AS(merge("[server]\nport = x\n", {"--port", "3"}),
                         "x.ini:2: port 'x' is not a number from 0 to 65535", ConfigError);
}

TEST_CASE("A list on the command line replaces the list of the file") {
    const Config config = merge(
                              "[server]\nbind = ::1\nbind = 10.0.0.1 10.0.0.2\n"
                              "[site]\nheader = X-A: 1\nheader = X-B: 2\n",
                              {"--header", "X-C: 3", "--header=X-D: 4"})
                              .config;
    CHECK(config.bind == Texts{"::1", "10.0.0.1", "10.0.0.2"});
    CHECK(config.sites.front().headers == Pairs{{"X-C", "3"}, {"X-D", "4"}});
    CHECK(merge("[site]\nheader = X-A: 1\n", {"--header", ""}).config == Config{});
}

TEST_CASE("A named site takes over [site] and the command line, wherever it stands") {
    const Config config = merge(
                              "[site A.example b.example]\nlisting = off\ntype = .x a/x\n"
                              "[site]\nspa = /a.html\ntype = .y a/y\ntype = .z a/z\n"
                              "[site c.example]\n",
                              {"--root", "/srv", "--listing", "on", "--dotfiles", "on"})
                              .config;
    REQUIRE(config.sites.size() == 3);
    const SiteConfig& named = config.sites[1];
    CHECK(config.sites[0].names.empty());
    CHECK(named.names == Texts{"a.example", "b.example"});
    CHECK(named.root == "/srv");
    CHECK(named.spa == "/a.html");
    CHECK(named.dotfiles);
    CHECK_FALSE(named.listing);
    CHECK(named.types == Pairs{{".x", "a/x"}});
    CHECK(config.sites[0].types == Pairs{{".y", "a/y"}, {".z", "a/z"}});
    SiteConfig expected = config.sites[0];
    expected.names = {"c.example"};
    CHECK(config.sites[2] == expected);
}

TEST_CASE("What --print-config prints reads back to the same settings") {
    const char* texts[] = {
        "",
        "[server]\nbind = ::1 unix:/a,127.0.0.1:8\nserver_header = \"a # b\"\nport = 0\n",
        "[limits]\nbody = 1025\n[timeouts]\nidle = 61s\nshutdown = 1ms\n[cache]\nbytes = 0\n",
        "[log]\naccess = \" a\"\nerror = \"\\\"q\\\"\"\naccess_format = json\n",
        "[site]\nroot = \"#a\\\\b\"\nindex =\nspa = /x\ncharset =\nlisting = off\n",
        "[site]\nheader = X-A: \"v\" \\ \nheader = \"X-B: a # b\"\ntype = .a b/c; d=\"e # f\"\n",
        "[site]\nheader = X: 1\nerror_page = 404 /a\n[site a b]\nheader =\nerror_page = 500 /b\n",
        "[site a]\nroot = /a\n[site [::1]]\ncache_control = * no-store\n",
    };
    for (const char* text : texts) {
        CAPTURE(text);
        const Parsed parsed = merge(text);
        const std::string printed = print_config(parsed.config, parsed.provenance);
        CAPTURE(printed);
        CHECK(merge(printed).config == parsed.config);
    }
}

TEST_CASE("A file name with a line feed cannot break a message or the printed settings") {
    const Parsed parsed = merge_config("[server]\nport = 1\n", "a\nb.ini");
    CHECK(print_config(parsed.config, parsed.provenance).find("# a?b.ini:2\n") !=
          std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
