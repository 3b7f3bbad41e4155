#pragma once

#include <cstddef>
#include <string_view>

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
namespace basehttp {

// Length in bytes (1 to 4) of the character that begins at text[at]; 0 when it is ill-formed or
// cut short. `at` must be less than text.size().
std::size_t utf8_length_at(std::string_view text, std::size_t at);

bool is_valid_utf8(std::string_view text);

}  // namespace basehttp
