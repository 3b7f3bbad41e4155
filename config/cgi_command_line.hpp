// `basehttpd cgi SCRIPT [OPTION...]` runs one script without a server: its own options, which say
// what request the script gets. command_line.hpp reads them together with those of the daemon. Pure
// but for ConfigError.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/option_parser.hpp"

namespace basehttp {

/// The request to make up. Texts are as given; nothing was looked for on disk.
struct CgiCommand {
    std::string script;  ///< URL path of the site, or a file relative to the working directory.
    std::string method = "GET";
    std::string body_file;  ///< "-": standard input; empty: no body.
    std::string path_info;  ///< Empty, or begins with '/'.
    std::string query;      ///< Without '?'; no blank and no control character.
    std::vector<std::pair<std::string, std::string>> headers;  ///< name, value (perhaps empty)
    std::string host;  ///< Site name in lower case, no port; empty: the default site.
    std::string content_type;
    bool environment_only = false;  ///< Print the environment and exit.

    bool operator==(const CgiCommand&) const = default;
};

/// In the order of --help.
std::span<const GeneralOption> cgi_command_options();

/// Stores an option of the subcommand or the argument SCRIPT; of an option given twice the last
/// counts, --header adds up. False: it is an option of the daemon. Throws ConfigError
/// "basehttpd: ...".
bool add_cgi_option(CgiCommand& command, const GivenOption& option);

}  // namespace basehttp
