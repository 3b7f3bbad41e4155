#include "config/command_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/config_error.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

constexpr std::string_view kProgram = "basehttpd";

void raise(Action& action, Action wanted) { action = std::max(action, wanted); }

/// For `python3 -m http.server`, -p is the protocol: no port begins like that.
bool is_python_protocol(const GivenOption& option) {
    return option.spelling == "-p" && lower_case(option.value).starts_with("http/");
}

void add_option(CommandLine& line, const GivenOption& option) {
    const std::string& name = option.name;
    if (name == "help") return raise(line.action, Action::help);
    if (name == "version") return raise(line.action, Action::version);
    if (name == "print-config") return raise(line.action, Action::print);
    if (name == "check-config") return raise(line.action, Action::check);
    if (name == "cgi") {
        line.cgi = true;
        return;
    }
    if (name == "config") {
        if (line.config_file) refuse(kProgram, "--config is given twice; there is one file only");
        line.config_file = option.value;
        return;
    }
    const Setting* const setting = is_python_protocol(option) ? find_setting("server", "protocol")
                                                              : find_setting_of_option(name);
    line.values.push_back({setting, option.spelling, option.value});
}

void add_argument(CommandLine& line, const std::string& argument, bool& has_port) {
    if (argument == "cgi") {
        refuse(kProgram, "'cgi' must stand first: basehttpd cgi SCRIPT [OPTION...]");
    }
    if (argument == "healthcheck") {
        refuse(kProgram, "'healthcheck' must stand first: basehttpd healthcheck [OPTION...]");
    }
    if (has_port || !parse_whole_number(argument)) {
        refuse(kProgram, "unexpected argument " + quoted(argument) +
                             "; one port may stand there, a directory goes after --root");
    }
    has_port = true;
    line.values.push_back({find_setting("server", "port"), "PORT", argument});
}

std::vector<GeneralOption> with_general(std::span<const GeneralOption> own) {
    std::vector<GeneralOption> known(own.begin(), own.end());
    known.insert(known.end(), general_options().begin(), general_options().end());
    return known;
}

/// Of the arguments after "cgi".
CommandLine read_cgi(int argc, const char* const* argv) {
    CommandLine line;
    line.action = Action::cgi;
    CgiCommand& command = line.cgi_command.emplace();
    for (const GivenOption& option :
         parse_options(argc, argv, with_general(cgi_command_options()))) {
        if (!add_cgi_option(command, option)) add_option(line, option);
    }
    if (line.action == Action::cgi && command.script.empty()) {
        refuse(kProgram,
               "cgi needs a script: basehttpd cgi SCRIPT [OPTION...]; see "
               "basehttpd cgi --help");
    }
    return line;
}

void add_timeout(HealthcheckCommand& command, const GivenOption& option) {
    const auto timeout = parse_duration(option.value);
    if (!timeout || timeout->count() == 0 || *timeout > std::chrono::hours(1)) {
        refuse(kProgram, option.spelling + ' ' + quoted(option.value) +
                             " is not a duration from 1ms to 1h (seconds, or with ms, s, m or h)");
    }
    command.timeout = *timeout;
}

/// Of the arguments of a daemon, after "healthcheck".
CommandLine read_healthcheck(int argc, const char* const* argv) {
    CommandLine line;
    line.action = Action::healthcheck;
    HealthcheckCommand& command = line.healthcheck.emplace();
    bool has_port = false;
    for (const GivenOption& option :
         parse_options(argc, argv, with_general(healthcheck_options()))) {
        if (option.name.empty()) {
            add_argument(line, option.value, has_port);
        } else if (option.name == "timeout") {
            add_timeout(command, option);
        } else {
            add_option(line, option);
        }
    }
    return line;
}

}  // namespace

std::span<const GeneralOption> healthcheck_options() {
    static constexpr std::array<GeneralOption, 1> list = {{
        {"timeout", "TIME", "How long to wait for the server (default 3s)"},
    }};
    return list;
}

std::span<const GeneralOption> general_options() {
    static constexpr std::array<GeneralOption, 6> list = {{
        {"config,c", "FILE", "INI file to read; without: none, and the defaults count"},
        {"check-config", "", "Read the settings, report the first mistake, and exit"},
        {"print-config", "", "Print the settings as INI, with where each comes from, and exit"},
        {"version", "", "Print the version and exit"},
        {"help,h", "", "Print this text and exit"},
        {"cgi", "", "Run the scripts in /cgi-bin; the INI file may name other directories", "cgi"},
    }};
    return list;
}

CommandLine read_command_line(int argc, const char* const* argv) {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "cgi") return read_cgi(argc - 1, argv + 1);
    if (verb == "healthcheck") return read_healthcheck(argc - 1, argv + 1);
    CommandLine line;
    bool has_port = false;
    for (const GivenOption& option : parse_options(argc, argv, general_options())) {
        if (option.name.empty()) {
            add_argument(line, option.value, has_port);
        } else {
            add_option(line, option);
        }
    }
    return line;
}

}  // namespace basehttp
