#include "handlers/http/byte_ranges.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

// Takes the digits at the front; nullopt when there are none. Saturates.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (text.empty() || !is_ascii_digit(text.front())) return std::nullopt;
    std::uint64_t number = 0;
    while (!text.empty() && is_ascii_digit(text.front())) {
        const auto digit = static_cast<std::uint64_t>(text.front() - '0');
        number = number > (most - digit) / 10 ? most : number * 10 + digit;
        text.remove_prefix(1);
    }
    return number;
}

// A range that cannot be satisfied has length 0; nullopt means that the whole field is ignored.
std::optional<ByteRange> parse_suffix_range(std::string_view digits, std::uint64_t size) {
    const auto suffix = take_number(digits);
    if (!suffix || !digits.empty()) return std::nullopt;
    if (size == 0 && *suffix > 0) return std::nullopt;  // "no bytes" cannot be said in a 206
    const std::uint64_t length = std::min(*suffix, size);
    return ByteRange{size - length, length};
}

std::optional<ByteRange> parse_range(std::string_view text, std::uint64_t size) {
    if (text.starts_with('-')) return parse_suffix_range(text.substr(1), size);
    const auto first = take_number(text);
    if (!first || !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    if (!text.empty()) {
        const auto number = take_number(text);
        if (!number || !text.empty() || *number < *first) return std::nullopt;
        last = *number;
    }
    if (*first >= size) return ByteRange{0, 0};
    return ByteRange{*first, std::min(last, size - 1) - *first + 1};
}

// No sum overflows: all ends are at most the representation's size.
void add_range(std::vector<ByteRange>& ranges, const ByteRange& range) {
    if (!ranges.empty()) {
        ByteRange& previous = ranges.back();
        const std::uint64_t previous_end = previous.first + previous.length;
        if (range.first >= previous.first && range.first <= previous_end) {
            previous.length = std::max(previous_end, range.first + range.length) - previous.first;
            return;
        }
    }
    ranges.push_back(range);
}

// What follows "bytes=" in a field value; nullopt for any other unit.
std::optional<std::string_view> byte_range_set(std::string_view value) {
    constexpr std::string_view unit = "bytes=";  // in any case (section 14.1)
    if (!starts_with_no_case(value, unit)) return std::nullopt;
    return value.substr(unit.size());
}

}  // namespace

RangeResult parse_byte_ranges(std::string_view value, std::uint64_t size, unsigned max_ranges) {
    const RangeResult ignored{RangeOutcome::ignore, {}};
    const auto range_set = byte_range_set(trim_blanks(value));
    if (!range_set) return ignored;

    RangeResult result{RangeOutcome::unsatisfiable, {}};
    unsigned count = 0;
    std::uint64_t unasked = size;  // bytes still to be asked for before it is an attack
    for (std::string_view rest = *range_set; !rest.empty();) {
        const std::string_view element = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(element.size() + 1, rest.size()));
        const std::string_view text = trim_blanks(element);
        if (text.empty()) continue;
        const auto range = parse_range(text, size);
        if (!range || ++count > max_ranges || range->length > unasked) return ignored;
        unasked -= range->length;
        if (range->length > 0) add_range(result.ranges, *range);
    }
    if (count == 0) return ignored;
    if (!result.ranges.empty()) result.outcome = RangeOutcome::partial;
    return result;
}

std::optional<ByteRange> single_byte_range(std::string_view value, std::uint64_t size) {
    const auto range_set = byte_range_set(trim_blanks(value));
    if (!range_set) return std::nullopt;
    const auto range = parse_range(trim_blanks(*range_set), size);  // no list is one range
    return range && range->length > 0 ? range : std::nullopt;
}

}  // namespace basehttp
