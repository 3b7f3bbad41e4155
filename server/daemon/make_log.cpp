#include "server/daemon/make_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <system_error>

namespace basehttp {
namespace {

/// The format text, or nothing for a format that has a name.
AccessPattern access_pattern(const Parsed& parsed) {
    const std::string& text = parsed.config.access_format;
    if (text.find('%') == std::string::npos) return {};
    AccessPatternResult result = parse_access_pattern(text);
    if (!result.error.empty())
        refuse(blame(parsed.provenance, 0, "log.access_format", text),
               "access_format: " + one_line(result.error));
    return std::move(result.pattern);
}

LogOptions log_options(const Parsed& parsed) {
    const Config& config = parsed.config;
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
    options.pattern = access_pattern(parsed);
    options.format = format != formats.end()          ? format->second
                     : !options.pattern.steps.empty() ? AccessFormat::pattern
                     : interactive                    ? AccessFormat::python
                                                      : AccessFormat::combined;
    options.level = levels.at(config.log_level);
    options.python_messages = false;
    return options;
}

/// The errno with which open_log() would fail, or 0. Makes and opens nothing: who reads from a FIFO
/// would take a writer that comes and goes for the end.
int why_unwritable(const std::string& name) {
    if (name == "-" || name == "off") return 0;
    struct stat about {};
    if (::stat(name.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) return EISDIR;
    if (::faccessat(AT_FDCWD, name.c_str(), W_OK, AT_EACCESS) == 0) return 0;
    if (errno != ENOENT) return errno;
    const std::string directory = name.substr(0, name.rfind('/') + 1) + ".";
    return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/// Runs `act` with the options, and blames the line of a file that cannot be opened.
template <class Act>
auto blaming(const Parsed& parsed, Act act) {
    const Config& config = parsed.config;
    try {
        return act(log_options(parsed));
    } catch (const std::system_error& error) {
        const bool of_errors =
            std::string_view(error.what()).find(quoted(config.error_log)) != std::string_view::npos;
        throw ConfigError(
            (of_errors ? blame(parsed.provenance, 0, "log.error", config.error_log)
                       : blame(parsed.provenance, 0, "log.access", config.access_log)) +
            ": cannot open " + error.what() +
            (config.user.empty() ? ""
                                 : "; " + quoted(config.user) + " must be able to write to it"));
    }
}

}  // namespace

void check_log(const Parsed& parsed) {
    blaming(parsed, [](const LogOptions& options) {
        for (const std::string& name : {options.access, options.error})
            if (const int error = why_unwritable(name); error != 0)
                throw std::system_error(error, std::generic_category(), "log file '" + name + "'");
    });
}

std::shared_ptr<Log> make_log(const Parsed& parsed) {
    return blaming(parsed,
                   [](const LogOptions& options) { return std::make_shared<Log>(options); });
}

void reconfigure_log(Log& log, const Parsed& parsed) {
    blaming(parsed, [&log](const LogOptions& options) { log.reconfigure(options); });
}

}  // namespace basehttp
