// BASEHTTPD_... variables; tests/config has more, in files NAME.env.
#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "config/environment.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

Parsed merge_with(const Variables& variables, std::string_view ini = "",
                  const Arguments& arguments = {}) {
    return merge(ini, arguments, variables);
}

std::string refusal(const Variables& variables) {
    return refusal_of([&] { merge_with(variables); });
}

TEST_SUITE_BEGIN("environment variables");

TEST_CASE("Every setting has a variable of its own, named like its first long option") {
    std::set<std::string> names = {"BASEHTTPD_CONFIG", "BASEHTTPD_CGI"};
    for (const Setting& setting : settings()) {
        const std::string name = variable_of(setting);
        CAPTURE(name);
        CHECK(names.insert(name).second);
        CHECK(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == name.npos);
        const auto read = read_variables({{name, "x"}});
        REQUIRE(read.values.size() == 1);
        CHECK(read.values[0].setting == &setting);
    }
    CHECK(names.count("BASEHTTPD_LIMIT_BODY") == 1);
    CHECK(names.count("BASEHTTPD_TLS_CERT") == 1);
    CHECK(names.count("BASEHTTPD_TLS") == 1);
}

TEST_CASE("The environment wins over the file, and the command line over the environment") {
    const char* const ini =
        "[server]\nport = 1\nqueue = 1\nbacklog = 1\n[site a.example]\nspa = /a";
    const Parsed parsed =
        merge_with({{"BASEHTTPD_PORT", "2"}, {"BASEHTTPD_QUEUE", "2"}, {"BASEHTTPD_SPA", "/e"}},
                   ini, {"--port", "3"});
    CHECK(parsed.config.port == 3);
    CHECK(parsed.config.queue == 2);
    CHECK(parsed.config.backlog == 1);
    CHECK(parsed.config.sites[0].spa == "/e");
    CHECK(parsed.config.sites[1].spa == "/a");
    CHECK(origin_of(parsed.provenance, 0, "server.port", "3") == "command line");
    CHECK(origin_of(parsed.provenance, 0, "server.queue", "2") == "environment");
    CHECK(origin_of(parsed.provenance, 0, "server.backlog", "1") == "x.ini:4");
}

TEST_CASE("A list has a value in each line, which replace those of the file") {
    const char* const ini = "[site]\nheader = X: 0\n";
    const struct {
        std::string value;
        Pairs expected;
    } rows[] = {{"A: 1", {{"A", "1"}}},
                {"A: 1\nB: 2", {{"A", "1"}, {"B", "2"}}},
                {"\n  A: 1  \n\n\tB: 2\n", {{"A", "1"}, {"B", "2"}}},
                {"", {}},
                {" \n ", {}}};
    for (const auto& row : rows) {
        CAPTURE(row.value);
        CHECK(merge_with({{"BASEHTTPD_HEADER", row.value}}, ini).config.sites[0].headers ==
              row.expected);
    }
    CHECK(merge_with({{"BASEHTTPD_HEADER", "A: 1"}}, ini, {"--header", "B: 2"})
              .config.sites[0]
              .headers == Pairs{{"B", "2"}});
}

TEST_CASE("BASEHTTPD_CGI is the switch --cgi") {
    const auto directories = [](const Variables& variables, std::string_view ini = "") {
        return merge_with(variables, ini).config.sites[0].cgi.directories;
    };
    CHECK(directories({{"BASEHTTPD_CGI", "on"}}) == Texts{"/cgi-bin"});
    CHECK(directories({{"BASEHTTPD_CGI", "off"}}).empty());
    CHECK(directories({{"BASEHTTPD_CGI", "1"}}, "[cgi]\ndirectories = /x\n") == Texts{"/x"});
    CHECK(directories({{"BASEHTTPD_CGI", "1"}, {"BASEHTTPD_CGI_DIRECTORIES", "/y"}}) ==
          Texts{"/y"});
    CHECK(refusal({{"BASEHTTPD_CGI", "maybe"}}) ==
          "basehttpd: BASEHTTPD_CGI 'maybe' is neither on nor off");
}

TEST_CASE("BASEHTTPD_CONFIG names the file, unless --config does") {
    CHECK(read_variables({{"BASEHTTPD_CONFIG", "/x.ini"}}).config_file == "/x.ini");
    CHECK(!read_variables({}).config_file);
    const auto line = [](const Arguments& arguments) {
        return refusal_of([&] {
            read_command({"basehttpd"}, arguments, {{"BASEHTTPD_CONFIG", "/nowhere/e.ini"}});
        });
    };
    CHECK(line({}) ==
          "BASEHTTPD_CONFIG: configuration file '/nowhere/e.ini' cannot be read: No such file or "
          "directory");
    CHECK(line({"--config", "/nowhere/c.ini"}) ==
          "basehttpd: configuration file '/nowhere/c.ini' cannot be read: No such file or "
          "directory");
}

TEST_CASE("New certificates of the environment drop the keys of the file") {
    const char* const ini = "[tls]\ncertificate = a\nkey = b\n";
    const auto tls = merge_with({{"BASEHTTPD_TLS_CERT", "c"}}, ini).config.sites[0].tls;
    CHECK(tls.certificates == Texts{"c"});
    CHECK(tls.keys.empty());
    CHECK(merge_with({{"BASEHTTPD_TLS_KEY", "d"}}, ini).config.sites[0].tls.certificates ==
          Texts{"a"});
}

TEST_CASE("What Kubernetes sets for services of our name is passed over") {
    for (const auto& variable : Variables{{"BASEHTTPD_SERVICE_HOST", "10.0.0.1"},
                                          {"BASEHTTPD_SERVICE_PORT", "80"},
                                          {"BASEHTTPD_SERVICE_PORT_HTTP", "80"},
                                          {"BASEHTTPD_PORT", "tcp://10.0.0.1:80"},
                                          {"BASEHTTPD_PORT_80_TCP", "tcp://10.0.0.1:80"},
                                          {"BASEHTTPD_PORT_80_TCP_PROTO", "tcp"},
                                          {"BASEHTTPD_PORT_443_UDP_PORT", "443"},
                                          {"BASEHTTPD_CANARY_SERVICE_HOST", "10.0.0.2"},
                                          {"BASEHTTPD_CANARY_PORT", "tcp://10.0.0.2:80"},
                                          {"BASEHTTPD", "/usr/bin/basehttpd"},
                                          {"PORT", "x"}}) {
        CAPTURE(variable.first);
        CHECK(merge_with({variable}).config == Config{});
    }
}

TEST_CASE("A mistake is one sentence that names the variable") {
    const struct {
        Variables variables;
        std::string expected;
    } rows[] = {
        {{{"BASEHTTPD_PROT", "1"}},
         "basehttpd: unknown environment variable 'BASEHTTPD_PROT'; did you mean BASEHTTPD_PORT?"},
        {{{"BASEHTTPD_DIRECTORY", "/"}},
         "basehttpd: unknown environment variable 'BASEHTTPD_DIRECTORY'; did you mean "
         "BASEHTTPD_ROOT?"},
        {{{"BASEHTTPD_root", "/"}},
         "basehttpd: unknown environment variable 'BASEHTTPD_root'; did you mean BASEHTTPD_ROOT?"},
        {{{"BASEHTTPD_CONFG", "/"}},
         "basehttpd: unknown environment variable 'BASEHTTPD_CONFG'; did you mean "
         "BASEHTTPD_CONFIG?"},
        {{{"BASEHTTPD_SOMETHING_ELSE", ""}},
         "basehttpd: unknown environment variable 'BASEHTTPD_SOMETHING_ELSE'; names are BASEHTTPD_ "
         "and an option of --help, such as BASEHTTPD_LOG_LEVEL"},
        {{{"BASEHTTPD_", ""}},
         "basehttpd: unknown environment variable 'BASEHTTPD_'; names are BASEHTTPD_ and an option "
         "of --help, such as BASEHTTPD_LOG_LEVEL"},
        {{{"BASEHTTPD_PORT", "http"}},
         "basehttpd: BASEHTTPD_PORT 'http' is not a number from 0 to 65535"},
        {{{"BASEHTTPD_PORT", ""}}, "basehttpd: BASEHTTPD_PORT '' is not a number from 0 to 65535"},
        {{{"BASEHTTPD_ROOT", "/a\n/b"}},
         "basehttpd: BASEHTTPD_ROOT '/a?/b' has a control character"},
        {{{"BASEHTTPD_HEADER", "A: 1\nB"}},
         "basehttpd: BASEHTTPD_HEADER 'B' is not of the form 'Name: value'"}};
    for (const auto& row : rows) {
        CAPTURE(row.variables.front().first);
        CHECK(refusal(row.variables) == row.expected);
    }
}

TEST_CASE("A path of the environment that does not exist blames its variable") {
    const char* const argv[] = {"basehttpd"};
    CHECK_THROWS_WITH_AS(read_config(1, argv, {{"BASEHTTPD_ROOT", "/nowhere"}}),
                         "BASEHTTPD_ROOT: root '/nowhere' does not exist; create it or name "
                         "another with --root",
                         ConfigError);
}

TEST_CASE("Without other variables those of the process count, each time anew") {
    ::setenv("BASEHTTPD_QUEUE", "77", 1);
    const char* const argv[] = {"basehttpd"};
    CHECK(read_config(1, argv).config.queue == 77);
    ::setenv("BASEHTTPD_QUEUE", "78", 1);
    CHECK(read_config(1, argv).config.queue == 78);
    ::unsetenv("BASEHTTPD_QUEUE");
    CHECK(read_config(1, argv).config == Config{});
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
