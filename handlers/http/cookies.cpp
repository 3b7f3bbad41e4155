#include "handlers/http/cookies.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

std::string_view without_quotes(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

/// A ';' always ends a cookie: quotes protect nothing here (RFC 6265 section 4.1.1).
void append_cookies(std::vector<Cookie>& cookies, std::string_view value) {
    while (!value.empty()) {
        const std::size_t end = std::min(value.find(';'), value.size());
        const std::string_view pair = trim_blanks(value.substr(0, end));
        value.remove_prefix(std::min(end + 1, value.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos)
            cookies.push_back({{}, without_quotes(pair)});
        else
            cookies.push_back({trim_blanks(pair.substr(0, equals)),
                               without_quotes(trim_blanks(pair.substr(equals + 1)))});
    }
}

}  // namespace basehttp
