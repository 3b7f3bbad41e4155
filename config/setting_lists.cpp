#include "config/setting_lists.hpp"

#include <algorithm>
#include <array>

#include "config/config_error.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

/// Why a configured field of this name would break or contradict the answer; empty: it may be set.
std::string why_not_settable(std::string_view name) {
    const std::string lower = lower_case(name);
    if (lower == "server") return "has a key of its own: server_header in [server]";
    if (lower == "content-type") return "has keys of its own: type and charset in [site]";
    static constexpr std::array<std::string_view, 11> ours = {
        "connection", "content-encoding", "content-length", "content-range",     "date",   "etag",
        "keep-alive", "last-modified",    "trailer",        "transfer-encoding", "upgrade"};
    if (std::find(ours.begin(), ours.end(), lower) == ours.end()) return {};
    return "names a field that the server sets itself";
}

}  // namespace

bool has_first(const TextPairs& pairs, std::string_view first) {
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const auto& pair) { return pair.first == first; });
}

Texts joined(const TextPairs& pairs, std::string_view between) {
    Texts lines;
    for (const auto& [first, second] : pairs) {
        lines.emplace_back(first).append(between).append(second);
    }
    return lines;
}

std::string add_bind(Texts& entries, std::string_view text) {
    const auto words = split_words(text);
    if (words.empty()) return "names no address";
    for (const std::string_view word : words) {
        if (is_bind_entry(word)) continue;
        return (word == text ? "is" : "has " + quoted(word) + ", which is") +
               std::string(" not ADDR, ADDR:PORT, [V6]:PORT or unix:PATH");
    }
    entries.insert(entries.end(), words.begin(), words.end());
    return {};
}

std::string add_networks(Texts& networks, std::string_view text) {
    const auto words = split_words(text);
    if (words.empty()) return "names no network";
    for (const std::string_view word : words) {
        if (is_network(word)) continue;
        return (word == text ? "is" : "has " + quoted(word) + ", which is") +
               std::string(" not an address, a network such as 10.0.0.0/8, or unix");
    }
    networks.insert(networks.end(), words.begin(), words.end());
    return {};
}

std::optional<std::string> parse_access_format(std::string_view text) {
    if (text.find('%') != std::string_view::npos) return std::string(text);
    static constexpr std::array<std::string_view, 5> names = {"auto", "python", "common",
                                                              "combined", "json"};
    const std::string name = lower_case(text);
    if (std::find(names.begin(), names.end(), name) == names.end()) return std::nullopt;
    return name;
}

Texts bind_lines(const Texts& entries) { return entries; }

std::optional<Texts> parse_index(std::string_view text) {
    const auto words = split_words(text);
    if (!std::all_of(words.begin(), words.end(), is_file_name)) return std::nullopt;
    return Texts(words.begin(), words.end());
}

std::string index_text(const Texts& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

std::string add_type(TextPairs& types, std::string_view text) {
    const auto [extension, type] = split_first_word(text);
    const bool right = extension.size() > 1 && extension.front() == '.' &&
                       is_file_name(extension) && is_media_type(type);
    if (!right) return "is not an extension and a type such as '.wasm application/wasm'";
    std::string lower = lower_case(extension);
    if (has_first(types, lower)) return "gives " + quoted(lower) + " a second type";
    types.emplace_back(std::move(lower), type);
    return {};
}

Texts type_lines(const TextPairs& types) { return joined(types, " "); }

std::string add_header(TextPairs& headers, std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return "is not of the form 'Name: value'";
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = without_blanks(text.substr(colon + 1));
    if (!is_field_name(name)) return "has a name that is not a header field name";
    if (!is_field_value(value)) return "is not of the form 'Name: value'";
    if (std::string why = why_not_settable(name); !why.empty()) return why;
    headers.emplace_back(name, value);
    return {};
}

Texts header_lines(const TextPairs& headers) { return joined(headers, ": "); }

std::string add_cache_control(TextPairs& rules, std::string_view text) {
    const auto [pattern, value] = split_first_word(text);
    const bool right = !pattern.empty() && (pattern.front() == '/' || pattern.front() == '*') &&
                       is_field_value(value);
    if (!right) return "is not a pattern and a value such as '/assets/* public, max-age=3600'";
    if (has_first(rules, pattern)) return "gives " + quoted(pattern) + " a second value";
    rules.emplace_back(pattern, value);
    return {};
}

Texts cache_control_lines(const TextPairs& rules) { return joined(rules, " "); }

std::string add_error_page(ErrorPages& pages, std::string_view text) {
    const auto [status_text, path] = split_first_word(text);
    const auto status = parse_whole_number(status_text);
    if (!status || *status < 400 || *status > 599 || !is_site_path(path)) {
        return "is not a status from 400 to 599 and a path such as '404 /404.html'";
    }
    if (!pages.emplace(static_cast<int>(*status), path).second) {
        return "gives status " + std::to_string(*status) + " a second page";
    }
    return {};
}

Texts error_page_lines(const ErrorPages& pages) {
    Texts lines;
    for (const auto& [status, path] : pages) lines.push_back(std::to_string(status) + ' ' + path);
    return lines;
}

}  // namespace basehttp
