#pragma once

#include <cstddef>
#include <string_view>

#include "server/api.hpp"

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
namespace basehttp {

/// Length in bytes (1 to 4) of the character that begins at text[at] (RFC 3629); 0 when it is
/// ill-formed or cut short. `at` must be less than text.size().
BASEHTTP_API std::size_t utf8_length_at(std::string_view text, std::size_t at);

/// Whether all of it is well-formed (RFC 3629); the empty text is.
BASEHTTP_API bool is_valid_utf8(std::string_view text);

}  // namespace basehttp
