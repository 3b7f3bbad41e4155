#include "handlers/http/quality_values.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "handlers/http/ascii.hpp"
#include "handlers/http/field_values.hpp"

namespace basehttp {
namespace {

bool is_token_text(std::string_view text) {
    const auto is_token_character = [](char c) {
        return is_ascii_alphanumeric(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

/// "0" to "1" with up to three decimals, in thousandths.
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

/// Whether the parameters of a range, but "q", are all among those of an offer.
bool has_parameters(std::string_view wanted, std::string_view offered) {
    while (const auto want = take_parameter(wanted)) {
        if (equal_no_case(want->name, "q")) continue;
        bool found = false;
        for (std::string_view rest = offered; const auto has = take_parameter(rest);)
            found = found || (equal_no_case(has->name, want->name) &&
                              equal_no_case(unquote(has->value), unquote(want->value)));
        if (!found) return false;
    }
    return true;
}

/// How many characters of an offer (without parameters) a range names; nullopt: it does not cover
/// it.
std::optional<std::size_t> covered(std::string_view range, std::string_view offer) {
    if (range == "*" || range == "*/*") return 0;
    if (equal_no_case(range, offer)) return range.size();
    const bool is_media_type = range.find('/') != range.npos;
    if (is_media_type && !range.ends_with("/*")) return std::nullopt;
    const std::string_view prefix = is_media_type ? range.substr(0, range.size() - 1) : range;
    if (!starts_with_no_case(offer, prefix)) return std::nullopt;
    if (!is_media_type && offer[prefix.size()] != '-') return std::nullopt;
    return prefix.size();
}

/// The weight that a client gives to an offer; 0 for none.
unsigned weight_of(std::string_view offer, const std::vector<QualityValue>& ranges) {
    std::string_view parameters = offer;
    const std::string_view name = take_piece(parameters, ';');
    using Specificity = std::pair<std::size_t, unsigned>;
    std::optional<Specificity> best;
    unsigned weight = 0;
    for (const QualityValue& range : ranges) {
        const auto length = covered(range.value, name);
        if (!length) continue;
        const Specificity specificity(*length, range.parameter_count);
        if (best && specificity <= *best) continue;  // of two equal ones the heavier came first
        if (range.parameter_count > 0 && !has_parameters(range.parameters, parameters)) continue;
        best = specificity;
        weight = range.weight;
    }
    return weight;
}

}  // namespace

std::optional<QualityValue> parse_quality_value(std::string_view element) {
    QualityValue result;
    result.value = take_piece(element, ';');
    if (result.value.empty()) return std::nullopt;
    result.parameters = element;
    bool has_weight = false;
    while (!element.empty()) {
        const std::string_view parameter = take_piece(element, ';');
        if (parameter.empty()) continue;
        const std::size_t equals = parameter.find('=');
        if (equals == parameter.npos) return std::nullopt;
        const std::string_view name = parameter.substr(0, equals);
        const std::string_view value = parameter.substr(equals + 1);
        if (equal_no_case(name, "q")) {
            const auto weight = parse_weight(value);
            if (!weight || has_weight) return std::nullopt;
            has_weight = true;
            result.weight = *weight;
        } else {
            const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
            if (!is_token_text(name) || (!quoted && !is_token_text(value))) return std::nullopt;
            ++result.parameter_count;
        }
    }
    return result;
}

std::vector<QualityValue> sorted_quality_values(const std::vector<std::string_view>& elements) {
    std::vector<QualityValue> values;
    for (const std::string_view element : elements)
        if (const auto value = parse_quality_value(element)) values.push_back(*value);
    std::vector<std::size_t> order(
        values.size());  // libstdc++ deprecates what its stable_sort uses
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&values](std::size_t a, std::size_t b) {
        return values[a].weight != values[b].weight ? values[a].weight > values[b].weight : a < b;
    });
    std::vector<QualityValue> sorted;
    for (const std::size_t i : order) sorted.push_back(values[i]);
    return sorted;
}

std::optional<std::string_view> best_match(const std::vector<QualityValue>& ranges,
                                           const std::vector<std::string_view>& offers) {
    if (ranges.empty() && !offers.empty()) return offers.front();
    std::optional<std::string_view> best;
    unsigned best_weight = 0;
    for (const std::string_view offer : offers) {
        const unsigned weight = weight_of(offer, ranges);
        if (weight <= best_weight) continue;
        best_weight = weight;
        best = offer;
    }
    return best;
}

}  // namespace basehttp
