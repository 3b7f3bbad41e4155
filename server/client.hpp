// Who is at the other end of a connection. Each phase of the connection hands it on to the next.
#pragma once

#include "server/address.hpp"
#include "server/connection_limits.hpp"

namespace basehttp {

struct Client {
    Address address;       ///< Of the socket, or what a PROXY header said.
    bool trusted = false;  ///< One of HttpSettings::trusted_proxies: what it says of its own
                           ///< clients is believed.
    ConnectionLimits::Place place;
};

}  // namespace basehttp
