// From the settings of [log] to the logs.
#pragma once

#include <memory>

#include "config/config_reader.hpp"
#include "server/log/log.hpp"

namespace basehttp {

/// Opens both logs. Throws ConfigError that blames the line of a file that cannot be opened.
std::shared_ptr<Log> make_log(const Parsed& parsed);

}  // namespace basehttp
