// The Cookie field of a request (RFC 6265 sections 4.2 and 5.4). Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

/// Views into the field's value.
struct Cookie {
    std::string_view name;   ///< Case-sensitive. Empty for text without '=', as browsers send it.
    std::string_view value;  ///< As sent, without one pair of quotes around it; nothing is decoded.
};

/// Adds the cookies of one field value in their order. Takes whatever browsers send: no text is an
/// error, empty pieces count for nothing, a name may come more than once. Linear time.
BASEHTTP_API void append_cookies(std::vector<Cookie>& cookies, std::string_view value);

}  // namespace basehttp
