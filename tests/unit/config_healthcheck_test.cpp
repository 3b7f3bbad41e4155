// basehttpd healthcheck [OPTION...] [PORT]
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

Parsed read(const Arguments& arguments) {
    return read_command({"basehttpd", "healthcheck"}, arguments);
}

std::string refusal(const Arguments& arguments) {
    return refusal_of([&] { read(arguments); });
}

TEST_SUITE_BEGIN("basehttpd healthcheck");

TEST_CASE("It takes the options of the daemon, and a timeout of its own") {
    const Parsed parsed = read({"--health-bind", "127.0.0.1:81", "--timeout", "250ms", "8080"});
    CHECK(parsed.action == Action::healthcheck);
    CHECK(parsed.config.port == 8080);
    CHECK(parsed.config.health_bind == std::vector<std::string>{"127.0.0.1:81"});
    CHECK(parsed.healthcheck.timeout == 250ms);
    CHECK(read({}).healthcheck.timeout == 3s);
}

TEST_CASE("It looks for nothing that the settings name: it serves nothing") {
    CHECK(read({"--root", "/nowhere", "--tls-cert", "/nowhere"}).action == Action::healthcheck);
}

TEST_CASE("Each mistake is one sentence") {
    const struct {
        Arguments arguments;
        std::string expected;
    } rows[] = {
        {{"--timeout", "0"},
         "basehttpd: --timeout '0' is not a duration from 1ms to 1h (seconds, or with ms, s, m or "
         "h)"},
        {{"--timeout=2h"},
         "basehttpd: --timeout '2h' is not a duration from 1ms to 1h (seconds, or with ms, s, m or "
         "h)"},
        {{"--timout", "1"}, "basehttpd: unknown option '--timout'; did you mean '--timeout'?"},
        {{"now"},
         "basehttpd: unexpected argument 'now'; one port may stand there, a directory goes after "
         "--root"},
        {{"healthcheck"},
         "basehttpd: 'healthcheck' must stand first: basehttpd healthcheck [OPTION...]"}};
    for (const auto& row : rows) {
        CAPTURE(row.arguments.front());
        CHECK(refusal(row.arguments) == row.expected);
    }
}

TEST_CASE("Its help is a text of its own, at most 80 columns wide") {
    const std::string text = read({"--timeout", "1", "--help"}).text;
    CHECK(text == healthcheck_help_text());
    CHECK(text.find("--timeout TIME") != text.npos);
    for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
        end = text.find('\n', begin);
        REQUIRE(end != text.npos);
        CAPTURE(text.substr(begin, end - begin));
        CHECK(end - begin <= 80);
    }
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
