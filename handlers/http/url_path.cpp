#include "handlers/http/url_path.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/ascii.hpp"
#include "handlers/http/percent.hpp"
#include "handlers/http/utf8.hpp"

namespace basehttp {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::optional<std::string> decode_escapes(std::string_view raw) {
    std::string text;
    text.reserve(raw.size() + 1);  // room for the slash that normalize may add
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        if (c == '%') {
            const int byte = escaped_byte(raw, i);
            if (byte < 0) return std::nullopt;
            c = static_cast<char>(byte);
            if (c == '/') return std::nullopt;
            i += 2;
        }
        if (is_control(c) || c == '\\') return std::nullopt;
        text.push_back(c);
    }
    return text;
}

// Drops empty and dot segments in place; true when the path ends with a slash.
bool normalize(std::string& path) {
    std::size_t kept = 0;  // the good part: "" or "/a/b", never ending with a slash
    bool trailing_slash = false;
    for (std::size_t slash = 0; slash < path.size();) {
        const std::size_t begin = slash + 1;
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment(path.data() + begin, end - begin);
        trailing_slash = segment.empty() || segment == "." || segment == "..";
        if (segment == ".." && kept > 0) {
            kept = path.rfind('/', kept - 1);
        } else if (!trailing_slash) {
            std::copy(path.data() + slash, path.data() + end, path.data() + kept);
            kept += end - slash;
        }
        slash = end;
    }
    path.resize(kept);
    trailing_slash |= path.empty();
    if (trailing_slash) path.push_back('/');
    return trailing_slash;
}

bool is_kept_by_encoding(char c) {
    return is_ascii_alphanumeric(c) ||
           std::string_view("-._~/@!$()*+,;=").find(c) != std::string_view::npos;
}

std::string_view last_segment(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

SplitTarget split_target(std::string_view target) {
    const std::size_t mark = target.find('?');
    if (mark == target.npos) return {target, {}, false};
    return {target.substr(0, mark), target.substr(mark + 1), true};
}

std::optional<UrlPath> decode_url_path(std::string_view raw_path) {
    if (!raw_path.starts_with('/')) return std::nullopt;
    std::optional<std::string> text = decode_escapes(raw_path);
    if (!text || !is_valid_utf8(*text)) return std::nullopt;
    const bool trailing_slash = normalize(*text);
    return UrlPath{std::move(*text), trailing_slash};
}

std::string encode_url_path(std::string_view decoded) {
    while (decoded.starts_with("//")) decoded.remove_prefix(1);
    std::string text;
    text.reserve(decoded.size() + 16);
    for (const char c : decoded) {
        if (is_kept_by_encoding(c)) {
            text.push_back(c);
        } else {
            append_escape(text, c);
        }
    }
    return text;
}

bool is_hidden_path(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    for (bool first = true; !path.empty(); first = false) {
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment.starts_with('.') && !(first && segment == ".well-known")) return true;
        path.remove_prefix(std::min(segment.size() + 1, path.size()));
    }
    return false;
}

std::string_view path_extension(std::string_view path) {
    std::string_view name = last_segment(path);
    name.remove_prefix(std::min(name.find_first_not_of('.'), name.size()));
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos || dot + 1 == name.size()) return {};
    return name.substr(dot);
}

bool has_usual_spelling(std::string_view raw_path) {
    const auto is_unreserved = [](char c) {
        return is_ascii_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
    };
    for (std::size_t i = 0; i < raw_path.size(); ++i) {
        if (raw_path[i] == '/') {
            const std::string_view next = raw_path.substr(i + 1, raw_path.find('/', i + 1) - i - 1);
            if (next == "." || next == ".." || (next.empty() && i + 1 < raw_path.size()))
                return false;
        } else if (raw_path[i] == '%' && i + 2 < raw_path.size()) {
            const char high = raw_path[i + 1], low = raw_path[i + 2];
            if ((high >= 'a' && high <= 'f') || (low >= 'a' && low <= 'f')) return false;
            const auto value = [](char c) { return c >= 'A' ? c - 'A' + 10 : c - '0'; };
            if (is_unreserved(static_cast<char>(value(high) * 16 + value(low)))) return false;
        }
    }
    return true;
}

}  // namespace basehttp
