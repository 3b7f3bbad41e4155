// Where each value of a Config comes from, for --print-config and for messages of main such as
// "port in use". Plain value beside the Config; main's thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

struct Provenance {
    /// One map for each of Config::sites; the first holds the settings of the server as well. Key:
    /// "section.key=TEXT", TEXT as Field::print gives it, so that each line of a list has its own.
    /// Value: "FILE:LINE", "environment" or "command line".
    std::vector<std::map<std::string, std::string>> sites{1};
};

/// "FILE:LINE", "environment", "command line" or "default". `name` is "section.key"; `text` the
/// value as printed: a number, an entry of Config::bind, ...
std::string origin_of(const Provenance& provenance, std::size_t site, std::string_view name,
                      std::string_view text);

/// The front of a message on that value: "FILE:LINE", the variable's name, or "basehttpd".
std::string blame(const Provenance& provenance, std::size_t site, std::string_view name,
                  std::string_view text);

}  // namespace basehttp
