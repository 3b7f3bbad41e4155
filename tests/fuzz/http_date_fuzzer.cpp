#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "server/http_date.hpp"

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

constexpr std::time_t now = 1'700'000'000;
constexpr std::time_t last_second = 253'402'300'799;  // 31 Dec 9999 23:59:59

}  // namespace

// What is read as a date is written as the same date, and what is written can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto time = basehttp::parse_http_date(text, now);
    if (time && *time >= 0 && *time <= last_second) {
        const std::string written = basehttp::format_http_date(*time);
        check(basehttp::parse_http_date(written, now) == time);
        const bool is_leap_second = text.find(":60") != text.npos;
        if (text.size() == basehttp::http_date_length && text[3] == ',' && !is_leap_second) {
            check(written == text);
        }
    }
    std::int64_t number = 0;
    if (size >= sizeof number) std::memcpy(&number, data, sizeof number);
    const std::string written = basehttp::format_http_date(number);
    check(basehttp::parse_http_date(written, now) ==
          std::clamp<std::time_t>(number, 0, last_second));
    return 0;
}
