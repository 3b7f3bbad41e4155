// From [server], [limits], [timeouts] and [cache] to what the server is told.
#pragma once

#include "config/config.hpp"
#include "server/http_settings.hpp"

namespace basehttp {

/// Without the hooks, which come from the sites.
HttpSettings http_settings(const Config& config);

/// Worker threads for handlers, at most.
unsigned worker_threads(const Config& config);

}  // namespace basehttp
