#include "handlers/http/accept.hpp"

#include <algorithm>
#include <optional>

#include "handlers/http/ascii.hpp"
#include "handlers/http/field_values.hpp"
#include "handlers/http/quality_values.hpp"

namespace basehttp {
namespace {

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
        const auto element = parse_quality_value(take_piece(accept_encoding, ','));
        if (!element || element->parameter_count > 0) continue;
        if (element->value == "*") {
            (element->weight > 0 ? others_accepted : others_refused) = true;
        } else {
            (element->weight > 0 ? accepted : refused) |= coding_bit(element->value);
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
        const auto element = parse_quality_value(take_piece(accept, ','));
        if (!element) continue;
        if (equal_no_case(element->value, "application/json"))
            json = std::max(json, element->weight);
        for (Range& range : html_ranges) {
            if (equal_no_case(element->value, range.name)) {
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
