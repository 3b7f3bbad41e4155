// Addresses of sockets as Python gives them: host and port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/api.hpp"

struct sockaddr;

namespace basehttp {

/// Python's (host, port) tuple. An empty host means every address of this machine, IPv6 and IPv4.
/// A unix socket is "unix:/path" with port 0.
struct BASEHTTP_API Address {
    std::string host;        ///< A name, or an IP address without brackets.
    std::uint16_t port = 0;  ///< 0, to bind: any that is free.

    /// "unix:/path"
    bool is_unix() const { return host.rfind("unix:", 0) == 0; }
    /// "127.0.0.1:80", "[::1]:80", "unix:/path".
    std::string text() const;
    /// IPv4 clients of a dual-stack socket come out as plain IPv4 addresses.
    static Address from(const sockaddr* address, unsigned length);
    /// HOST, HOST:PORT, [V6]:PORT or unix:PATH; `port` when none is named. Throws
    /// std::invalid_argument with a sentence.
    static Address parse(std::string_view text, std::uint16_t port);
};

}  // namespace basehttp
