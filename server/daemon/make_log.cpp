#include "server/daemon/make_log.hpp"

#include <unistd.h>

#include <map>
#include <system_error>

namespace basehttp {
namespace {

LogOptions log_options(const Config& config) {
    static const std::map<std::string, AccessFormat> formats{{"python", AccessFormat::python},
                                                             {"common", AccessFormat::common},
                                                             {"combined", AccessFormat::combined},
                                                             {"json", AccessFormat::json}};
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    const bool interactive = config.access_log == "-" && ::isatty(STDERR_FILENO) == 1;
    const auto format = formats.find(config.access_format);
    LogOptions options;
    options.access = config.access_log;
    options.error = config.error_log;
    options.format = format != formats.end() ? format->second
                     : interactive           ? AccessFormat::python
                                             : AccessFormat::combined;
    options.level = levels.at(config.log_level);
    options.python_messages = false;
    return options;
}

}  // namespace

std::shared_ptr<Log> make_log(const Parsed& parsed) {
    const Config& config = parsed.config;
    try {
        return std::make_shared<Log>(log_options(config));
    } catch (const std::system_error& error) {
        const bool of_errors =
            std::string_view(error.what()).find(quoted(config.error_log)) != std::string_view::npos;
        throw ConfigError((of_errors
                               ? blame(parsed.provenance, 0, "log.error", config.error_log)
                               : blame(parsed.provenance, 0, "log.access", config.access_log)) +
                          ": cannot open " + error.what());
    }
}

}  // namespace basehttp
