#include "handlers/cgi/query_arguments.hpp"

#include <algorithm>
#include <optional>

#include "handlers/http/percent.hpp"

namespace basehttp {
namespace {

std::optional<std::string> decode_word(std::string_view word) {
    if (word.empty()) return std::nullopt;
    std::string text;
    text.reserve(word.size());
    for (std::size_t i = 0; i < word.size(); ++i) {
        char c = word[i];
        if (c == '%') {
            const int byte = escaped_byte(word, i);
            if (byte < 0) return std::nullopt;
            c = static_cast<char>(byte);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        text.push_back(c);
    }
    return text;
}

}  // namespace

std::vector<std::string> query_arguments(std::string_view query) {
    if (query.empty() || query.size() > longest_indexed_query) return {};
    if (query.find('=') != query.npos) return {};
    const auto words = 1 + static_cast<std::size_t>(std::count(query.begin(), query.end(), '+'));
    if (words > most_query_arguments) return {};
    std::vector<std::string> arguments;
    arguments.reserve(words);
    for (std::size_t begin = 0; begin <= query.size();) {
        const std::size_t end = std::min(query.find('+', begin), query.size());
        std::optional<std::string> word = decode_word(query.substr(begin, end - begin));
        // Programs and interpreters (awk -f, sed -n) would take it for an option (CVE-2012-1823).
        if (!word || word->starts_with('-')) return {};
        arguments.push_back(std::move(*word));
        begin = end + 1;
    }
    return arguments;
}

}  // namespace basehttp
