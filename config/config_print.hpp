// The texts of --print-config and --help, made from the settings table. Pure.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/provenance.hpp"

namespace basehttp {

/// An INI text that reads back to an equal Config. Each setting is followed by a comment that says
/// where its value comes from.
std::string print_config(const Config& config, const Provenance& provenance);

/// At most 80 columns, in groups, with defaults; ends in a line feed.
std::string help_text();

/// The same for `basehttpd cgi --help` and `basehttpd healthcheck --help`: their own options alone.
std::string cgi_help_text();
std::string healthcheck_help_text();

}  // namespace basehttp
