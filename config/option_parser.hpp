// A command line split into options and arguments by Boost.Program_options: spellings, mistakes and
// the nearest name of an unknown option. What the options mean is the caller's. Pure but for
// ConfigError.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace basehttp {

/// An option that is no setting, such as --help.
struct GeneralOption {
    const char* options;       ///< As Setting::options.
    const char* placeholder;   ///< Empty: takes no value.
    const char* help;          ///< As Setting::help.
    const char* section = "";  ///< The SettingSection that --help shows it in; empty: General.
};

/// An option, or an argument that is none.
struct GivenOption {
    std::string name;      ///< First long name, without dashes; empty: an argument.
    std::string spelling;  ///< As the user wrote it: "-p", "--port".
    std::string value;     ///< Empty for an option without value.
};

/// In the order of the command line; argv[0] is skipped. Known are the general options and those of
/// the settings table; of two with the same first name the general one. Throws ConfigError
/// "basehttpd: ..." for an unknown option, a missing value or one too many.
std::vector<GivenOption> parse_options(int argc, const char* const* argv,
                                       std::span<const GeneralOption> general);

}  // namespace basehttp
