// From the settings of [log] to the logs.
#pragma once

#include <memory>

#include "config/config_reader.hpp"
#include "server/log/log.hpp"

namespace basehttp {

/// Whether log.access_format can be used. Throws ConfigError that blames its line.
void check_log(const Parsed& parsed);

/// Opens both logs. Throws ConfigError that blames the line of a file that cannot be opened.
std::shared_ptr<Log> make_log(const Parsed& parsed);

/// Puts these settings in place of those that the logs have. Throws as make_log, and then nothing
/// has changed.
void reconfigure_log(Log& log, const Parsed& parsed);

}  // namespace basehttp
