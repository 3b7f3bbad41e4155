#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// The Range request field for bytes (RFC 9110 section 14).
namespace basehttp {

// Bytes [first, first + length) of a representation; length is at least 1.
struct ByteRange {
    std::uint64_t first;
    std::uint64_t length;

    bool operator==(const ByteRange&) const = default;
};

enum class RangeOutcome {
    ignore,        // answer 200 with the whole representation
    partial,       // answer 206 with `ranges`
    unsatisfiable  // answer 416 with "Content-Range: bytes */SIZE"
};

struct RangeResult {
    RangeOutcome outcome;
    std::vector<ByteRange> ranges;  // not empty exactly when partial
};

// `value` is the field value, `size` that of the selected representation in bytes.
// Ignored: another unit, bad syntax, more than max_ranges ranges (satisfiable or not), and ranges
// that together ask for more bytes than there are, which only an attack does.
// The ranges come in the order asked for. One that overlaps or touches the range before it and does
// not begin earlier is joined to it; ranges that cannot be satisfied are left out. Numbers too
// large for 64 bits mean "past the end".
// An empty representation: "0-" is unsatisfiable, as section 14.1.2 says. "-5" is satisfiable by
// the same section, but no Content-Range can say "no bytes", so it is ignored.
RangeResult parse_byte_ranges(std::string_view value, std::uint64_t size, unsigned max_ranges);

// The range of a value that asks for one which can be satisfied; nullopt for all else, of which
// parse_byte_ranges tells more. Does not allocate.
std::optional<ByteRange> single_byte_range(std::string_view value, std::uint64_t size);

}  // namespace basehttp
