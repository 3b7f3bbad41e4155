// Where the daemon listens: sockets of the service manager, or the addresses of the settings.
#pragma once

#include "config/config_reader.hpp"
#include "server/http_server.hpp"

namespace basehttp {

/// Gives the server its sockets and begins to listen. Throws ConfigError that blames the line of an
/// address that cannot be used.
void listen(HTTPServer& server, const Parsed& parsed);

/// "Serving '/srv/www' on https://localhost:8443/ ..."
void announce(HTTPServer& server, const Config& config);

}  // namespace basehttp
