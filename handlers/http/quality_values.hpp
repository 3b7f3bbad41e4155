// What a client would rather have: elements with a weight (RFC 9110 section 12.4.2), as in Accept
// and Accept-Language, and the choice among what a server offers. Pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

/// Views into the text it was read from.
struct QualityValue {
    std::string_view value;        ///< "text/html", "de-CH", "gzip"; as sent, without parameters.
    unsigned weight = 1000;        ///< q in thousandths; 0: not acceptable.
    std::string_view parameters;   ///< All that follows the value's ';', "q" included.
    unsigned parameter_count = 0;  ///< How many there are beside "q".
};

/// One element. nullopt when it is malformed: "q" is no number from 0 to 1 with up to three
/// decimals or comes twice, another parameter is no `token=token` or `token="..."`, or there is no
/// value.
BASEHTTP_API std::optional<QualityValue> parse_quality_value(std::string_view element);

/// The heaviest first, equal ones in the order they came. Malformed elements are left out.
BASEHTTP_API std::vector<QualityValue> sorted_quality_values(
    const std::vector<std::string_view>& elements);

/// The offer that is wanted most; among equals the one that is offered first. nullopt: none is
/// acceptable. `ranges` come sorted. The most specific range that covers an offer gives its weight
/// (RFC 9110 section 12.5.1): the same value, "text/*" and "*/*", "*", or for languages "de" for
/// "de-CH". A range with parameters covers only offers that have them all. No ranges at all: the
/// first offer.
BASEHTTP_API std::optional<std::string_view> best_match(
    const std::vector<QualityValue>& ranges, const std::vector<std::string_view>& offers);

}  // namespace basehttp
