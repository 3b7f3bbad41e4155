#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

// Letters and blanks of protocol text: ASCII only, whatever the locale says.
namespace basehttp {

constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_ascii_alphanumeric(char c) {
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

constexpr bool equal_no_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

constexpr bool starts_with_no_case(std::string_view text, std::string_view prefix) {
    return equal_no_case(text.substr(0, prefix.size()), prefix);
}

constexpr bool ends_with_no_case(std::string_view text, std::string_view suffix) {
    return text.size() >= suffix.size() &&
           equal_no_case(text.substr(text.size() - suffix.size()), suffix);
}

// OWS of RFC 9110 section 5.6.3: spaces and tabs.
constexpr std::string_view trim_blanks(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(" \t") + 1);  // npos + 1 is 0
}

// CR, LF or NUL, which would end a line of a header section or confuse its readers.
constexpr bool breaks_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

}  // namespace basehttp
