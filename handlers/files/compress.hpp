#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "handlers/http/accept.hpp"

namespace basehttp {

/// Compresses a whole body in one content coding (RFC 9110, 8.4.1; br: RFC 7932; zstd: RFC 8878),
/// at a level for "once, then cached". The same body gives the same bytes on every machine that
/// runs the same libraries: no time, name or system is written into it. nullopt when that does not
/// save at least 5 %, when memory is short, or for a body over 1 GiB. Pure; any thread; about
/// 10 to 50 ns a byte, so not on an event loop for more than a few kilobytes.
std::optional<std::string> compress(std::string_view body, Coding coding);

/// As in Content-Encoding: "gzip", "br", "zstd". `coding` is one coding, not a mask.
std::string_view coding_name(Coding coding);

/// Of a precompressed sibling file: ".gz", ".br", ".zst".
std::string_view coding_extension(Coding coding);

}  // namespace basehttp
