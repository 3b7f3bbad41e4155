#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// How our pages show names, sizes and times. Pure; each appends to `out`.
namespace basehttp {

/// A file name of any bytes as HTML text, escaped, so that every byte shows: control characters by
/// their pictures (U+2400 and following), U+FFFD for each byte that is not UTF-8 and for C1
/// controls.
void append_visible_html(std::string& out, std::string_view name);

/// "0 B", "999 B", "1.0 kB", "12 MB": powers of 1000, two digits at least above bytes, rounded.
void append_size(std::string& out, std::uint64_t bytes);

/// Seconds since 1970 as "2024-02-29T23:59:07Z" (RFC 3339). Years outside 0001 to 9999 are clamped.
void append_rfc3339(std::string& out, std::int64_t time);

/// "2024-02-29 23:59", in UTC.
void append_short_time(std::string& out, std::int64_t time);

}  // namespace basehttp
