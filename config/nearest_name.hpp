// "Did you mean ...?": the known name that a misspelt one most resembles. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

/// Steps from `a` to `b`, letter case aside: insert, drop or change a character, or swap two
/// neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// A spelling that may be compared, and the name to suggest when it is the nearest.
struct KnownName {
    std::string spelling;
    std::string suggestion;
};

/// The suggestion with the least edit distance to `name`, the first of equals; one that `name`
/// begins (three characters or more) counts as distance 1. Nothing when all are too far: more
/// than a third of the name's length, and at least 1.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<KnownName>& known);

}  // namespace basehttp
