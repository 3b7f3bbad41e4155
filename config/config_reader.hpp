// From command line, environment and INI file to a Config: reads the file, merges, checks. Called
// by main at start and again for each reload. Owns nothing.
//
// Order, later wins: the defaults, [site] and the other sections of the INI file, the environment,
// the command line, and for a [site NAME...] its own keys and those of its [cgi NAME...] and [tls
// NAME...] on top of a copy of the default site. A list that is set replaces the list it would take
// over; an empty value empties it. Certificates that are set replace the keys of those before, too.
// Relative paths are relative to the working directory.
#pragma once

#include <string>
#include <string_view>

#include "config/command_line.hpp"
#include "config/config.hpp"
#include "config/config_error.hpp"
#include "config/environment.hpp"
#include "config/provenance.hpp"

namespace basehttp {

struct Parsed {
    Action action = Action::serve;
    Config config;
    Provenance provenance;
    CgiCommand cgi_command;          ///< For Action::cgi.
    HealthcheckCommand healthcheck;  ///< For Action::healthcheck.
    std::string config_file;         ///< That was read; empty: none.
    std::string text;  ///< For Action::print and Action::help: what to print; else empty.
};

/// All there is: what main calls. For --help and --version no file is read; for healthcheck what
/// the settings name is not looked for. Throws ConfigError: print what() and exit with 2.
Parsed read_config(int argc, const char* const* argv, const Variables& variables = our_variables());

/// Without touching the disk: the settings of an INI text (`file` is for messages) under those of
/// the environment and the command line. Paths are not checked: check_paths() does.
Parsed merge_config(std::string_view ini, std::string_view file, const CommandLine& line = {},
                    const EnvironmentSettings& environment = {});

}  // namespace basehttp
