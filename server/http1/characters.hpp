// Character classes of HTTP/1 as one table (RFC 9110 section 5.6, RFC 3986).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace basehttp::characters {

enum Class : std::uint8_t {
    token = 1,   ///< tchar
    field = 2,   ///< field-vchar, space, tab, obs-text
    target = 4,  ///< what a request target may hold: no control, space, DEL or '#'
    host = 8,    ///< reg-name without "%": unreserved and sub-delims
};

constexpr std::array<std::uint8_t, 256> make_table() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        unsigned bits = 0;
        const bool alnum =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const auto one_of = [c](std::string_view set) {
            return c < 128 && set.find(static_cast<char>(c)) != std::string_view::npos;
        };
        if (alnum || one_of("!#$%&'*+-.^_`|~")) bits |= token;
        if (c == '\t' || (c >= ' ' && c != 0x7f)) bits |= field;
        if (c > ' ' && c != 0x7f && c != '#') bits |= target;
        if (alnum || one_of("-._~!$&'()*+,;=")) bits |= host;
        table[c] = static_cast<std::uint8_t>(bits);
    }
    return table;
}

inline constexpr std::array<std::uint8_t, 256> table = make_table();

inline bool is(char c, Class kind) { return (table[static_cast<unsigned char>(c)] & kind) != 0; }

/// Past the characters of [p, end) that may be in a field's value: the first that may not, or end.
/// Values are most of a request, so eight are looked at together; a tab ends that.
inline const char* skip_field_value(const char* p, const char* end) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101, high = each * 0x80;
    while (end - p >= 8) {
        std::uint64_t eight;
        std::memcpy(&eight, p, sizeof eight);
        const std::uint64_t no_del = eight ^ (each * 0x7f);
        const std::uint64_t odd = ((eight - each * ' ') & ~eight) | ((no_del - each) & ~no_del);
        if ((odd & high) != 0) break;
        p += 8;
    }
    while (p != end && is(*p, field)) ++p;
    return p;
}

}  // namespace basehttp::characters
