#include "handlers/http/html_escape.hpp"

#include <cstddef>

#include "handlers/http/utf8.hpp"

namespace basehttp {
namespace {

std::string_view html_reference(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#x27;";
        default:
            return {};
    }
}

// Empty when the ASCII character may stand for itself.
std::string_view short_escape(char c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        case '<':
            return "\\u003c";
        default:
            return {};
    }
}

void append_json_ascii(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::string_view escape = short_escape(c); !escape.empty()) {
        out.append(escape);
    } else if (byte < 0x20) {
        out.append("\\u00");
        out.push_back("01"[byte >> 4]);
        out.push_back("0123456789abcdef"[byte & 15]);
    } else {
        out.push_back(c);
    }
}

}  // namespace

std::string html_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        const std::string_view reference = html_reference(c);
        if (reference.empty()) {
            out.push_back(c);
        } else {
            out.append(reference);
        }
    }
    return out;
}

std::string json_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    out.push_back('"');
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length_at(text, at);
        if (length == 1) {
            append_json_ascii(out, text[at]);
        } else if (length == 0) {
            out.append("\xEF\xBF\xBD");
        } else {
            out.append(text, at, length);
        }
        at += length == 0 ? 1 : length;
    }
    out.push_back('"');
    return out;
}

}  // namespace basehttp
