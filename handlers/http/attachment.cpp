#include "handlers/http/attachment.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/ascii.hpp"
#include "handlers/http/percent.hpp"
#include "handlers/http/utf8.hpp"

namespace basehttp {
namespace {

bool is_unsafe(char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < ' ' || code == 0x7f || c == '/' || c == '\\';
}

std::string safe_name(std::string_view name) {
    std::string safe;
    while (!name.empty()) {
        const std::size_t length = utf8_length_at(name, 0);
        if (length == 0 || is_unsafe(name[0]))
            safe += '_';
        else
            safe.append(name.substr(0, length));
        name.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return safe;
}

/// What browsers disagree about inside filename="...", '%' among it, becomes '_'.
std::string plain_name(std::string_view safe) {
    std::string plain;
    while (!safe.empty()) {
        const std::size_t length = utf8_length_at(safe, 0);
        const bool kept = length == 1 && safe[0] != '"' && safe[0] != '%';
        plain += kept ? safe[0] : '_';
        safe.remove_prefix(length);
    }
    return plain;
}

/// RFC 8187 section 3.2.1.
std::string extended_value(std::string_view text) {
    std::string value = "UTF-8''";
    for (const char c : text) {
        if (is_ascii_alphanumeric(c) ||
            std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos)
            value += c;
        else
            append_escape(value, c);
    }
    return value;
}

}  // namespace

std::string attachment(std::string_view name) {
    const std::string safe = safe_name(name);
    const std::string plain = plain_name(safe);
    std::string field = "attachment; filename=\"" + plain + "\"";
    if (plain != safe) field += "; filename*=" + extended_value(safe);
    return field;
}

}  // namespace basehttp
