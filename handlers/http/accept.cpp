#include "handlers/http/accept.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

bool is_token(std::string_view text) {
    const auto is_token_character = [](char c) {
        return is_ascii_alphanumeric(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// Takes what stands before the first separator outside quotes, and drops the separator.
std::string_view take_piece(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < text.size() && (quoted || text[end] != separator); ++end) {
        if (text[end] == '"') quoted = !quoted;
        if (quoted && text[end] == '\\') ++end;
    }
    end = std::min(end, text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trim_blanks(piece);
}

// "0" to "1" with up to three decimals (RFC 9110 section 12.4.2), in thousandths.
std::optional<unsigned> parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    unsigned weight = text[0] == '1' ? 1000 : 0;
    unsigned unit = 100;
    for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
        if (!is_ascii_digit(c)) return std::nullopt;
        weight += unit * static_cast<unsigned>(c - '0');
        unit /= 10;
    }
    if (weight > 1000) return std::nullopt;
    return weight;
}

struct Element {
    std::string_view name;
    unsigned weight = 1000;
    bool has_parameters = false;  // besides the weight
};

// name *( ";" parameter ); nullopt when it is malformed. The name is not checked.
std::optional<Element> parse_element(std::string_view text) {
    Element element;
    element.name = take_piece(text, ';');
    bool has_weight = false;
    while (!text.empty()) {
        const std::string_view parameter = take_piece(text, ';');
        if (parameter.empty()) continue;
        const std::size_t equals = parameter.find('=');
        if (equals == parameter.npos) return std::nullopt;
        const std::string_view name = parameter.substr(0, equals);
        const std::string_view value = parameter.substr(equals + 1);
        if (equal_no_case(name, "q")) {
            const auto weight = parse_weight(value);
            if (!weight || has_weight) return std::nullopt;
            has_weight = true;
            element.weight = *weight;
        } else {
            const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
            if (!is_token(name) || (!quoted && !is_token(value))) return std::nullopt;
            element.has_parameters = true;
        }
    }
    return element;
}

constexpr unsigned all_codings = gzip | brotli | zstd;

// What a coding's name stands for: one bit, or 0 when we do not know it.
unsigned coding_bit(std::string_view name) {
    if (equal_no_case(name, "gzip") || equal_no_case(name, "x-gzip")) return gzip;
    if (equal_no_case(name, "br")) return brotli;
    if (equal_no_case(name, "zstd")) return zstd;
    if (equal_no_case(name, "identity")) return identity_refused;
    return 0;
}

}  // namespace

unsigned accepted_codings(std::string_view accept_encoding) {
    unsigned accepted = 0;  // identity is counted in these under its own bit
    unsigned refused = 0;
    bool others_accepted = false;
    bool others_refused = false;
    while (!accept_encoding.empty()) {
        const auto element = parse_element(take_piece(accept_encoding, ','));
        if (!element || element->has_parameters) continue;
        if (element->name == "*") {
            (element->weight > 0 ? others_accepted : others_refused) = true;
        } else {
            (element->weight > 0 ? accepted : refused) |= coding_bit(element->name);
        }
    }
    const unsigned others = (all_codings | identity_refused) & ~(accepted | refused);
    if (others_refused) {
        refused |= others;
    } else if (others_accepted) {
        accepted |= others;
    }
    return (accepted & ~refused & all_codings) | (refused & identity_refused);
}

bool prefers_json(std::string_view accept) {
    unsigned json = 0;
    struct Range {
        std::string_view name;
        std::optional<unsigned> weight;
    };
    Range html_ranges[] = {{"text/html", {}}, {"text/*", {}}, {"*/*", {}}};  // most specific first
    while (!accept.empty()) {
        const auto element = parse_element(take_piece(accept, ','));
        if (!element) continue;
        if (equal_no_case(element->name, "application/json"))
            json = std::max(json, element->weight);
        for (Range& range : html_ranges) {
            if (equal_no_case(element->name, range.name)) {
                range.weight = std::max(range.weight.value_or(0), element->weight);
            }
        }
    }
    if (html_ranges[0].weight) return json > *html_ranges[0].weight;
    for (const Range& range : html_ranges) {
        if (range.weight) return json > 0 && json >= *range.weight;
    }
    return json > 0;
}

}  // namespace basehttp
