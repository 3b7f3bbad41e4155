// The command line, `basehttpd [OPTION...] [PORT]`, `basehttpd cgi SCRIPT [OPTION...]` or
// `basehttpd healthcheck [OPTION...] [PORT]`, read against the settings table. Values of settings
// are not looked at here. Pure but for ConfigError.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/cgi_command_line.hpp"
#include "config/option_parser.hpp"
#include "config/settings.hpp"

namespace basehttp {

/// What the daemon is asked to do.
enum class Action {
    serve,
    cgi,          ///< basehttpd cgi SCRIPT: run one script and print its answer
    healthcheck,  ///< basehttpd healthcheck: ask the running server how it is
    check,        ///< --check-config: exit 0 or 2
    print,        ///< --print-config
    version,      ///< --version
    help          ///< --help
};

struct CommandLineValue {
    const Setting* setting;  ///< A row of settings(); never null.
    std::string option;      ///< As the user wrote it: "-p", "--port", or "PORT".
    std::string value;
};

struct HealthcheckCommand {
    std::chrono::milliseconds timeout{3'000};  ///< For each step: connecting, asking, the answer.
};

struct CommandLine {
    Action action = Action::serve;
    std::optional<std::string> config_file;
    std::vector<CommandLineValue> values;           ///< In the order of the command line.
    bool cgi = false;                               ///< --cgi
    std::optional<CgiCommand> cgi_command;          ///< The first argument is "cgi".
    std::optional<HealthcheckCommand> healthcheck;  ///< The first argument is "healthcheck".
};

std::span<const GeneralOption> general_options();
std::span<const GeneralOption> healthcheck_options();

/// argv[0] is skipped. An argument that is no option is the port, and "-p HTTP/1.0" the protocol,
/// as for `python3 -m http.server`. Of several actions the last in the enumeration counts. Throws
/// ConfigError "basehttpd: ...".
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace basehttp
