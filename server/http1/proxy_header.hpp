// The header that a proxy puts before everything else on a connection, to tell whose it is: PROXY
// protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt). Pure, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/api.hpp"
#include "server/networks.hpp"

namespace basehttp {

/// What parse_proxy_header() says.
struct ProxyHeader {
    enum class Status : std::uint8_t { incomplete, complete, bad };
    Status status = Status::incomplete;
    std::size_t size = 0;              ///< When complete: bytes of the header; TLS or HTTP follows.
    std::optional<IpEndpoint> client;  ///< When complete. Empty: none with an IP address is told.
    bool from_proxy = false;           ///< LOCAL: the proxy itself is the client.
    const char* reason = "";           ///< When bad: what is wrong, for the log.

    static constexpr std::size_t most = 4096;  ///< Bytes; version 2 could have more, that is bad.
};

/// Parses a header at the start of `text`, either version. A beginning of a good header is
/// incomplete; so is no text at all.
ProxyHeader parse_proxy_header(std::string_view text);

}  // namespace basehttp
