// Percent escapes (RFC 3986 section 2.1), one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace basehttp {

/// 0 to 15, or -1.
constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// The byte (0 to 255) that the escape at text[at] stands for; -1 when there is none.
constexpr int escaped_byte(std::string_view text, std::size_t at) {
    if (text.size() - at < 3 || text[at] != '%') return -1;
    const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Adds "%C3" for the byte 0xC3.
inline void append_escape(std::string& text, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += digits[byte >> 4];
    text += digits[byte & 15];
}

}  // namespace basehttp
