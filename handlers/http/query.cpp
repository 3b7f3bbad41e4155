#include "handlers/http/query.hpp"

#include <algorithm>
#include <stdexcept>

#include "handlers/http/ascii.hpp"
#include "handlers/http/percent.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/http_error.hpp"

namespace basehttp {
namespace {

/// Calls visit(field) for what stands between the '&' and is not empty, until it returns false.
template <class Visit>
void visit_fields(std::string_view query, const Visit& visit) {
    for (std::size_t begin = 0; begin < query.size();) {
        const std::size_t end = std::min(query.find('&', begin), query.size());
        if (end > begin && !visit(query.substr(begin, end - begin))) return;
        begin = end + 1;
    }
}

/// "http" of "http://..."; empty when the text begins otherwise.
std::string_view scheme_of(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (colon == url.npos || colon == 0 || is_ascii_digit(url[0])) return {};
    const std::string_view scheme = url.substr(0, colon);
    const bool good = std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.';
    });
    return good && is_ascii_alphanumeric(scheme[0]) ? scheme : std::string_view();
}

std::string decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (const int byte = escaped_byte(text, i); byte >= 0) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string encoded(std::string_view text, std::string_view safe, bool space_is_plus) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (space_is_plus && c == ' ')
            out += '+';
        else if (is_ascii_alphanumeric(c) || std::string_view("_.-~").find(c) != safe.npos ||
                 (static_cast<unsigned char>(c) < 0x80 && safe.find(c) != safe.npos))
            out += c;
        else
            append_escape(out, c);
    }
    return out;
}

}  // namespace

namespace urllib {

UrlParts urlsplit(std::string_view url) {
    UrlParts parts;
    parts.scheme = scheme_of(url);
    if (!parts.scheme.empty()) url.remove_prefix(parts.scheme.size() + 1);
    if (url.starts_with("//")) {
        url.remove_prefix(2);
        parts.netloc = url.substr(0, url.find_first_of("/?#"));
        url.remove_prefix(parts.netloc.size());
    }
    const std::size_t hash = std::min(url.find('#'), url.size());
    parts.fragment = url.substr(std::min(hash + 1, url.size()));
    const SplitTarget target = split_target(url.substr(0, hash));
    parts.path = target.path;
    parts.query = target.query;
    return parts;
}

std::string unquote(std::string_view text) { return decoded(text, false); }

std::string unquote_plus(std::string_view text) { return decoded(text, true); }

std::string quote(std::string_view text, std::string_view safe) {
    return encoded(text, safe, false);
}

std::string quote_plus(std::string_view text, std::string_view safe) {
    return encoded(text, safe, true);
}

std::string urlencode(const QueryItems& items) {
    std::string text;
    for (const auto& [name, value] : items) {
        if (!text.empty()) text += '&';
        text.append(quote_plus(name)).append("=").append(quote_plus(value));
    }
    return text;
}

QueryItem parse_field(std::string_view text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::size_t value = std::min(equals + 1, text.size());
    return {unquote_plus(text.substr(0, equals)), unquote_plus(text.substr(value))};
}

QueryItems parse_qsl(std::string_view query, bool keep_blank_values, std::size_t max_num_fields) {
    const auto separators = std::count(query.begin(), query.end(), '&');
    if (static_cast<std::size_t>(separators) >= max_num_fields && !query.empty())
        throw std::invalid_argument("a query with more than " + std::to_string(max_num_fields) +
                                    " fields");
    QueryItems items;
    visit_fields(query, [&](std::string_view field) {
        QueryItem item = parse_field(field);
        if (keep_blank_values || !item.second.empty()) items.push_back(std::move(item));
        return true;
    });
    return items;
}

std::map<std::string, std::vector<std::string>> parse_qs(std::string_view query,
                                                         bool keep_blank_values,
                                                         std::size_t max_num_fields) {
    std::map<std::string, std::vector<std::string>> values;
    for (QueryItem& item : parse_qsl(query, keep_blank_values, max_num_fields))
        values[std::move(item.first)].push_back(std::move(item.second));
    return values;
}

}  // namespace urllib

QueryItems Query::items(std::size_t max_num_fields) const {
    try {
        return urllib::parse_qsl(text_, true, max_num_fields);
    } catch (const std::invalid_argument&) {
        throw HTTPError(400, "Too many query fields");
    }
}

std::optional<std::string> Query::get(std::string_view name) const {
    std::optional<std::string> value;
    visit_fields(text_, [&](std::string_view field) {
        QueryItem item = urllib::parse_field(field);
        if (item.first == name) value = std::move(item.second);
        return !value.has_value();
    });
    return value;
}

std::string Query::get(std::string_view name, std::string_view fallback) const {
    std::optional<std::string> value = get(name);
    return value ? std::move(*value) : std::string(fallback);
}

std::vector<std::string> Query::get_all(std::string_view name) const {
    std::vector<std::string> values;
    visit_fields(text_, [&](std::string_view field) {
        QueryItem item = urllib::parse_field(field);
        if (item.first == name) values.push_back(std::move(item.second));
        return true;
    });
    return values;
}

}  // namespace basehttp
