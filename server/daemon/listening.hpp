// Where the daemon listens: sockets of the service manager, of the program before an upgrade, those
// it has already, or the addresses of the settings.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config_reader.hpp"
#include "server/http_server.hpp"

namespace basehttp {

/// The sockets that a service manager handed over, named "manager:" and its name for each. Clears
/// the variables: once, before threads.
std::vector<std::pair<std::string, Fd>> manager_sockets();

/// Whether the files of unix sockets could be made where the settings want them. Throws ConfigError.
void check_addresses(const Parsed& parsed);

/// The sockets for these settings: out of `present` what can be, else bound anew. Those of a
/// service manager always stay, and then bind and port are not used. Throws ConfigError that blames
/// the line of an address that cannot be used; then nothing has changed.
ListeningSockets choose_sockets(const TCPServer& server, const Parsed& parsed,
                                ListeningSockets present);

/// "Serving '/srv/www' on https://localhost:8443/ ..."
std::string announcement(const HTTPServer& server, const Config& config);

}  // namespace basehttp
