// What [tls] says must fit together, and its files must be there: asked once at start, so that a
// slip is a line there and not a server that speaks less TLS than its operator believes. Reads the
// disk, opens nothing: what is in the files is for the one who loads them.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/provenance.hpp"

namespace basehttp {

/// With tls_mode off, nothing is asked. Throws ConfigError that blames the line of the first value
/// that cannot count, or whose file cannot be read.
void check_tls(const Config& config, const Provenance& provenance);

/// Those files of private keys in use that any user of this machine may read or change, each once:
/// for a warning.
std::vector<std::string> keys_open_to_others(const Config& config);

}  // namespace basehttp
