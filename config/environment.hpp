// Settings by environment variables: BASEHTTPD_ and a setting's first long option in capitals, with
// '_' for '-', such as BASEHTTPD_LIMIT_BODY; BASEHTTPD_CONFIG is --config and BASEHTTPD_CGI --cgi.
// Values are not looked at here. Pure but for ConfigError.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/command_line.hpp"
#include "config/settings.hpp"

namespace basehttp {

/// name, value
using Variables = std::vector<std::pair<std::string, std::string>>;

/// Those of this process that begin with BASEHTTPD_, in the order of its environment.
Variables our_variables();

/// Where values come from when a variable says so, in a Provenance.
inline constexpr std::string_view kFromEnvironment = "environment";

/// "BASEHTTPD_LIMIT_BODY"
std::string variable_of(const Setting& setting);

struct EnvironmentSettings {
    std::optional<std::string> config_file;  ///< BASEHTTPD_CONFIG
    std::vector<CommandLineValue> values;    ///< `option` is the variable's name.
    bool cgi = false;                        ///< BASEHTTPD_CGI
};

/// A repeatable setting has a value in each line of its variable that is not empty; without such a
/// line the list is empty. Names that do not begin with BASEHTTPD_ and those that Kubernetes and
/// Docker set for a service called basehttpd, or basehttpd-anything, are passed over. Throws
/// ConfigError "basehttpd: ..." for an unknown name.
EnvironmentSettings read_variables(const Variables& variables);

}  // namespace basehttp
