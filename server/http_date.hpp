#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "server/api.hpp"

// HTTP dates (RFC 9110 section 5.6.7), written and read with our own calendar arithmetic: no
// locale, no time zone database, no lock. Pure functions, safe on every thread.
namespace basehttp {

/// Length of every date that we write, for example "Sun, 06 Nov 1994 08:49:37 GMT".
constexpr std::size_t http_date_length = 29;

/// Writes http_date_length characters, with no NUL after them (RFC 9110 section 5.6.7). `time`:
/// seconds since 1970, UTC; one before 1970 is written as the first second of 1970, one after 9999
/// as the last second of 9999. Any thread, as all of these.
BASEHTTP_API void write_http_date(std::time_t time, char* out29);

/// The same as a string.
BASEHTTP_API std::string format_http_date(std::time_t time);

/// Reads all three formats: IMF-fixdate, RFC 850 and asctime. Strict: names are case-sensitive, the
/// day must exist and the day name must be the right one, nothing may follow; else nullopt. A leap
/// second (23:59:60) is the second after it. Dates before 1970 give negative times.
/// A two-digit year is the latest one that is not more than 50 years after `now`; 0 means the
/// system's clock.
BASEHTTP_API std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now = 0);

}  // namespace basehttp
