#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "handlers/http/byte_ranges.hpp"

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

void check_result(std::string_view value, std::uint64_t size, unsigned max_ranges) {
    using basehttp::RangeOutcome;
    const auto result = basehttp::parse_byte_ranges(value, size, max_ranges);
    check((result.outcome == RangeOutcome::partial) == !result.ranges.empty());
    check(result.ranges.size() <= max_ranges);
    std::uint64_t total = 0;
    for (const auto& range : result.ranges) {
        check(range.length > 0 && range.first < size && range.length <= size - range.first);
        check(range.length <= size - total);
        total += range.length;
    }
}

}  // namespace

// Eight bytes of size, one byte of cap, then the field value. Whatever is asked for, the ranges lie
// within the representation and do not add up to more than it has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 9) return 0;
    std::uint64_t file_size = 0;
    std::memcpy(&file_size, data, sizeof file_size);
    const std::string_view value(reinterpret_cast<const char*>(data) + 9, size - 9);
    check_result(value, file_size, data[8]);
    check_result(value, file_size % 1000, 16);
    check_result(value, 0, 16);
    return 0;
}
