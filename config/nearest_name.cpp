#include "config/nearest_name.hpp"

#include <algorithm>

namespace basehttp {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(char a, char b) { return lower(a) == lower(b); }

bool begins(std::string_view name, std::string_view spelling) {
    return name.size() >= 3 && name.size() <= spelling.size() &&
           std::equal(name.begin(), name.end(), spelling.begin(), same);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Rows i-2, i-1 and i of the usual table: row[j] is the distance of a[0,i) to b[0,j).
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = std::min({change, above[j] + 1, row[j - 1] + 1});
            const bool swapped =
                i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<KnownName>& known) {
    constexpr std::size_t longest = 64;  // Nobody misspells that; keeps the table small.
    if (name.empty() || name.size() > longest) return std::nullopt;
    std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
    std::optional<std::string> nearest;
    for (const KnownName& candidate : known) {
        std::size_t distance = edit_distance(name, candidate.spelling);
        if (distance > 1 && begins(name, candidate.spelling)) distance = 1;
        if (distance >= least) continue;
        least = distance;
        nearest = candidate.suggestion;
    }
    return nearest;
}

}  // namespace basehttp
