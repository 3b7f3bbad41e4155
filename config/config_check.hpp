// What a Config names on this machine must be there: asked once, before anything is served, so that
// a slip is a line at start and not an error to a client. Reads the disk, opens nothing.
#pragma once

#include "config/config.hpp"
#include "config/provenance.hpp"

namespace basehttp {

/// No two sites may have the same tag_of(): lines of the error log could not be told apart. Throws
/// ConfigError.
void check_tags(const Config& config, const Provenance& provenance);

/// The root of each site, the temporary directory and the directories of sendfile must exist and be
/// open to us; interpreters must be files that we may execute; sandbox paths must exist. Throws
/// ConfigError that blames the line which named the first that is not so.
void check_paths(const Config& config, const Provenance& provenance);

}  // namespace basehttp
