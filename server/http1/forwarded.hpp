// What trusted proxies say of a request: X-Forwarded-For and X-Forwarded-Proto. Pure functions for
// requests that a trusted proxy sent; nothing here allocates.
#pragma once

#include <optional>
#include <string_view>

#include "server/api.hpp"
#include "server/http1/request_head.hpp"
#include "server/networks.hpp"

namespace basehttp {

/// An element of X-Forwarded-For: "192.0.2.1", "2001:db8::1", "[2001:db8::1]", the first and the
/// last with ":port" too. nullopt: none of these.
std::optional<IpEndpoint> parse_forwarded_address(std::string_view text);

/// The client, as X-Forwarded-For tells: each proxy has added at the right whom it spoke to, so
/// from the right the first that is no trusted proxy itself; else the leftmost. The field's lines
/// are one list. What cannot be read ends the search: nobody who is trusted vouches for what is
/// left of it. nullopt: nothing can be believed.
std::optional<IpEndpoint> forwarded_client(const RequestHead& head, const Networks& trusted);

/// Whether the nearest proxy says, by the last value of X-Forwarded-Proto, that its client speaks
/// https.
bool forwarded_https(const RequestHead& head);

}  // namespace basehttp
