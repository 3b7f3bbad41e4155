// Headers: what values say, read by the pure functions of handlers/http/.
#include <algorithm>
#include <charconv>

#include "handlers/headers.hpp"
#include "handlers/http/ascii.hpp"
#include "handlers/http/field_values.hpp"
#include "server/http_date.hpp"

namespace basehttp {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), ascii_lower);
    return result;
}

}  // namespace

std::string Headers::get_content_type() const {
    std::string_view field = get("Content-Type", "");
    const std::string_view type = take_piece(field, ';');
    return std::count(type.begin(), type.end(), '/') == 1 ? lower(type) : "text/plain";
}

std::string Headers::get_content_maintype() const {
    const std::string type = get_content_type();
    return type.substr(0, type.find('/'));
}

std::string Headers::get_content_subtype() const {
    const std::string type = get_content_type();
    return type.substr(type.find('/') + 1);
}

std::optional<std::string> Headers::get_content_charset() const {
    const auto charset = get_param("charset");
    return charset ? std::optional(lower(*charset)) : std::nullopt;
}

std::optional<std::string> Headers::get_param(std::string_view param,
                                              std::string_view header) const {
    std::string_view field = get(header, "");
    take_piece(field, ';');
    while (const auto parameter = take_parameter(field))
        if (equal_no_case(parameter->name, param)) return unquote(parameter->value);
    return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Headers::get_params(
    std::string_view header) const {
    std::vector<std::pair<std::string, std::string>> params;
    auto field = get(header);
    if (!field) return params;
    params.emplace_back(take_piece(*field, ';'), "");
    while (const auto parameter = take_parameter(*field))
        params.emplace_back(lower(parameter->name), unquote(parameter->value));
    return params;
}

std::vector<std::string_view> Headers::get_list(std::string_view name) const {
    std::vector<std::string_view> elements;
    for (const auto& [key, value] : items())
        if (equal_no_case(key, name)) append_elements(elements, value);
    return elements;
}

std::optional<std::int64_t> Headers::get_int(std::string_view name) const {
    const std::string_view text = get(name, "");
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::time_t> Headers::get_date(std::string_view name) const {
    const auto text = get(name);
    return text ? parse_http_date(*text) : std::nullopt;
}

std::vector<QualityValue> Headers::get_quality_values(std::string_view name) const {
    return sorted_quality_values(get_list(name));
}

std::optional<std::string_view> Headers::best_match(
    std::string_view name, const std::vector<std::string_view>& offers) const {
    return basehttp::best_match(get_quality_values(name), offers);
}

std::vector<Cookie> Headers::cookies() const {
    std::vector<Cookie> all;
    for (const auto& [name, value] : items())
        if (equal_no_case(name, "cookie")) append_cookies(all, value);
    return all;
}

std::optional<std::string_view> Headers::get_cookie(std::string_view name) const {
    for (const Cookie& cookie : cookies())
        if (cookie.name == name) return cookie.value;
    return std::nullopt;
}

}  // namespace basehttp
