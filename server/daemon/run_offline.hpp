// `basehttpd cgi SCRIPT`: one script, one made-up request, no socket.
#pragma once

#include "config/config_reader.hpp"

namespace basehttp {

/// Runs the script exactly as the server would: same look-up, environment, limits, sandbox and
/// parser. Prints to stdout what a client would get, to stderr what the log would get. Returns the
/// exit status: 0, or 1 when the answer is an error of the server (500 and above). Throws
/// ConfigError when the script or the body cannot be found.
int run_offline(const Parsed& parsed);

}  // namespace basehttp
