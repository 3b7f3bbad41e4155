#include "config/config_error.hpp"

namespace basehttp {

std::string one_line(std::string_view text) {
    constexpr std::size_t longest = 200;
    std::string line(text.substr(0, longest));
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    if (text.size() > longest) line += "...";
    return line;
}

std::string quoted(std::string_view text) { return '\'' + one_line(text) + '\''; }

std::string file_and_line(std::string_view file, unsigned line) {
    return one_line(file) + ':' + std::to_string(line);
}

void refuse(std::string_view where, std::string_view message) {
    throw ConfigError(std::string(where) + ": " + std::string(message));
}

}  // namespace basehttp
