// `basehttpd healthcheck`: asks the running server how it is, by the settings that it was started
// with. For HEALTHCHECK of a Dockerfile and for scripts: no other program is needed.
#pragma once

#include "config/config_reader.hpp"

namespace basehttp {

/// The exit status: 0 when the server is well; 1 when it is not, with a line on standard error
/// that says why. Throws ConfigError when the settings name no address that could be asked.
int run_healthcheck(const Parsed& parsed);

}  // namespace basehttp
