// From command line and INI file to a Config: reads the file, merges, checks. Called once by main,
// before any thread is started. Owns nothing.
//
// Order, later wins: the defaults, [site] and the other sections of the INI file, the command line,
// and for a [site NAME...] its own keys and those of its [cgi NAME...] and [tls NAME...] on top
// of a copy of the default site. A list that is set replaces the list it would take over; an empty
// value empties it. Certificates that are set replace the keys of those before, too.
// Relative paths are relative to the working directory.
#pragma once

#include <string>
#include <string_view>

#include "config/command_line.hpp"
#include "config/config.hpp"
#include "config/config_error.hpp"
#include "config/provenance.hpp"

namespace basehttp {

struct Parsed {
    Action action = Action::serve;
    Config config;
    Provenance provenance;
    CgiCommand cgi_command;  ///< For Action::cgi.
    std::string text;        ///< For Action::print and Action::help: what to print; else empty.
};

/// All there is: what main calls. For --help and --version no file is read. Throws ConfigError:
/// print what() and exit with 2.
Parsed read_config(int argc, const char* const* argv);

/// Without touching the disk: the settings of an INI text (`file` is for messages) under those of
/// the command line. Paths are not checked: check_paths() does.
Parsed merge_config(std::string_view ini, std::string_view file, const CommandLine& line = {});
}  // namespace basehttp
