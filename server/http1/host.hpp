// The host of a Host field or an authority (RFC 9110 section 7.2, RFC 3986 section 3.2).
#pragma once

#include <cstddef>
#include <string_view>

namespace basehttp {

/// Without the port and its colon, in the case it came in; an IPv6 address keeps its brackets, a
/// name its final dot. Views `host`; meant for one that is_valid_host() accepts, or an empty one.
constexpr std::string_view host_without_port(std::string_view host) {
    const std::size_t from = host.starts_with('[') ? host.find(']') : 0;
    return host.substr(0, host.find(':', from));
}

}  // namespace basehttp
