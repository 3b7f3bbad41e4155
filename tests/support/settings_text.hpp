// Settings from INI texts and command lines, and what is said when they are refused.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config_reader.hpp"

namespace basehttp {

using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;
using Arguments = std::vector<const char*>;

/// What `command`, such as "basehttpd cgi", followed by `arguments` asks for.
inline Parsed read_command(Arguments command, const Arguments& arguments,
                           const Variables& variables = {}) {
    command.insert(command.end(), arguments.begin(), arguments.end());
    return read_config(static_cast<int>(command.size()), command.data(), variables);
}

/// `ini` is the text of x.ini; the command line wins over it.
inline Parsed merge(std::string_view ini, Arguments arguments = {},
                    const Variables& variables = {}) {
    arguments.insert(arguments.begin(), "basehttpd");
    return merge_config(ini, "x.ini",
                        read_command_line(static_cast<int>(arguments.size()), arguments.data()),
                        read_variables(variables));
}

/// The one line of the refusal; empty: it was not refused.
template <class Work>
std::string refusal_of(const Work& work) {
    try {
        work();
        return {};
    } catch (const ConfigError& error) {
        return error.what();
    }
}

}  // namespace basehttp
