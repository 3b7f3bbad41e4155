// Numbers as text, without allocating one.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace basehttp {

/// Appends `value` in decimal digits.
inline void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace basehttp
