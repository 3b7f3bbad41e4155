// What the configuration reader throws: the first mistake it met, as the one line that main prints
// before it exits with status 2. Thrown on the starting thread only, before anything is served.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace basehttp {

/// what() is one line without line feed: "FILE:LINE: ..." or "basehttpd: ...".
struct ConfigError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Text of a user for use inside such a line: control characters become '?', and what is longer
/// than 200 bytes is cut and ends in "...".
std::string one_line(std::string_view text);

/// one_line() between single quotes.
std::string quoted(std::string_view text);

/// "FILE:LINE", for the front of a message and for --print-config.
std::string file_and_line(std::string_view file, unsigned line);

/// Throws ConfigError with "WHERE: MESSAGE".
[[noreturn]] void refuse(std::string_view where, std::string_view message);

}  // namespace basehttp
