// basehttpd cgi SCRIPT [OPTION...]
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

Parsed read(const Arguments& arguments) { return read_command({"basehttpd", "cgi"}, arguments); }

CgiCommand command(const Arguments& arguments) { return read(arguments).cgi_command; }

std::string refusal(const Arguments& arguments) {
    return refusal_of([&] { read(arguments); });
}

TEST_SUITE_BEGIN("basehttpd cgi");

TEST_CASE("A script alone is a GET without body") {
    const Parsed parsed = read({"./cgi-bin/hello.sh"});
    CHECK(parsed.action == Action::cgi);
    CHECK(parsed.config == Config{});
    CgiCommand expected;
    expected.script = "./cgi-bin/hello.sh";
    CHECK(parsed.cgi_command == expected);
    CHECK(parsed.cgi_command.method == "GET");
    CHECK(command({"--", "-x"}).script == "-x");
    CHECK(command({"cgi"}).script == "cgi");
}

TEST_CASE("Each option says something about the request, before or after the script") {
    CgiCommand expected;
    expected.script = "/cgi-bin/a b";
    expected.method = "POST";
    expected.body_file = "-";
    expected.path_info = "/x y";
    expected.query = "?a=%20&b";
    expected.headers = {{"X-A", "1: 2"}, {"x-a", ""}};
    expected.content_type = "text/plain; charset=utf-8";
    expected.host = "a.example";
    expected.environment_only = true;
    CHECK(command({"--method", "PUT", "--method=POST", "/cgi-bin/a b", "--body", "-", "--path-info",
                   "/x y", "--query", "?a=%20&b", "--header", "X-A:  1: 2 ",
                   "--header=x-a:", "--content-type", "text/plain; charset=utf-8", "--site",
                   "A.example", "--show-env"}) == expected);
    CHECK(command({"x", "--host", "[::1]"}).host == "[::1]");
    CHECK(command({"x", "--path-info", "", "--query", ""}).path_info.empty());
}

TEST_CASE("The daemon's options count too, but --header is the request's") {
    const Parsed parsed =
        read({"x", "--root", "/", "--cgi", "--cgi-timeout", "3", "-d/usr", "--header", "A: b"});
    const SiteConfig& site = parsed.config.sites.front();
    CHECK(site.root == "/usr");
    CHECK(site.cgi.directories == std::vector<std::string>{"/cgi-bin"});
    CHECK(site.cgi.timeout == std::chrono::seconds(3));
    CHECK(site.headers.empty());
    CHECK(parsed.cgi_command.headers == Pairs{{"A", "b"}});
    CHECK(refusal({"x", "--tls-cert", "/no/key/that/we/may/read"}) == "");
    CHECK(refusal({"x", "--config", "/no/such.ini"}) ==
          "basehttpd: configuration file '/no/such.ini' cannot be read: No such file or directory");
}

TEST_CASE("The subcommand has a help of its own, of which an option is one line or two") {
    const Parsed parsed = read({"--help"});
    CHECK(parsed.action == Action::help);
    CHECK(parsed.text == cgi_help_text());
    CHECK(parsed.text.find("  --header 'NAME: VALUE'") != std::string::npos);
    CHECK(parsed.text.find("--backlog") == std::string::npos);
    for (const GeneralOption& option : cgi_command_options()) {
        const std::string names = option.options;
        CAPTURE(names);
        CHECK(parsed.text.find("--" + names.substr(0, names.find(','))) != std::string::npos);
    }
    for (std::size_t at = 0; at < parsed.text.size(); at = parsed.text.find('\n', at) + 1) {
        CHECK(parsed.text.find('\n', at) - at <= 80);
    }
    CHECK(help_text().find("basehttpd cgi SCRIPT") != std::string::npos);
    CHECK(read({"--version"}).action == Action::version);
    CHECK(read({"--check-config"}).action == Action::check);
    CHECK_FALSE(read({"--print-config", "--cgi"}).text.empty());
}

TEST_CASE("A mistake after cgi is one sentence") {
    struct Row {
        Arguments arguments;
        const char* refused;
    };
    const Row rows[] = {
        {{},
         "basehttpd: cgi needs a script: basehttpd cgi SCRIPT [OPTION...]; see basehttpd cgi "
         "--help"},
        {{""}, "basehttpd: '' is not a script; see basehttpd cgi --help"},
        {{"a\nb"}, "basehttpd: 'a?b' is not a script; see basehttpd cgi --help"},
        {{"a", "b"},
         "basehttpd: unexpected argument 'b'; the script is 'a', and what it gets goes after "
         "--query, --path-info or --body"},
        {{"a", "--methd", "x"}, "basehttpd: unknown option '--methd'; did you mean '--method'?"},
        {{"a", "--method"}, "basehttpd: option '--method' needs a value after it; see --help"},
        {{"a", "--method", "a b"}, "basehttpd: --method 'a b' is not a method such as POST"},
        {{"a", "--method", ""}, "basehttpd: --method '' is not a method such as POST"},
        {{"a", "--body", ""}, "basehttpd: --body '' is not FILE, or - for standard input"},
        {{"a", "--path-info", "b"}, "basehttpd: --path-info 'b' is not a path such as /a/b"},
        {{"a", "--path-info", "/\n"}, "basehttpd: --path-info '/?' is not a path such as /a/b"},
        {{"a", "--query", "a b"},
         "basehttpd: --query 'a b' is not a query as in an address; write a blank as %20 and '#' "
         "as %23"},
        {{"a", "--header", "X"}, "basehttpd: --header 'X' is not of the form 'Name: value'"},
        {{"a", "--header", ": x"}, "basehttpd: --header ': x' is not of the form 'Name: value'"},
        {{"a", "--header", "A: x\ny"},
         "basehttpd: --header 'A: x?y' is not of the form 'Name: value'"},
        {{"a", "--content-type", ""}, "basehttpd: --content-type '' is not a media type"},
        {{"a", "--host", "a:80"}, "basehttpd: --host 'a:80' is not a host name without port"},
        {{"a", "--site", "*"}, "basehttpd: --site '*' is not a host name without port"},
        {{"a", "--show-env=x"}, "basehttpd: option '--show-env' takes no value"},
        {{"a", "--cgi-timeout", "x"},
         "basehttpd: --cgi-timeout 'x' is not a duration from 1ms to 24h (seconds, or with ms, s, "
         "m or h)"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.refused);
        CHECK(refusal(row.arguments) == row.refused);
    }
}

TEST_CASE("The word cgi is the subcommand in the first place only") {
    const auto refused = [](Arguments arguments) {
        arguments.insert(arguments.begin(), "basehttpd");
        read_config(static_cast<int>(arguments.size()), arguments.data());
    };
    CHECK_THROWS_WITH_AS(refused({"--root", "/", "cgi", "x"}),
                         "basehttpd: 'cgi' must stand first: basehttpd cgi SCRIPT [OPTION...]",
                         ConfigError);
    CHECK_THROWS_WITH_AS(refused({"--show-env"}),
                         "basehttpd: unknown option '--show-env'; see --help", ConfigError);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
