#include "handlers/http/field_values.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/ascii.hpp"

namespace basehttp {

std::string_view take_piece(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < text.size() && (quoted || text[end] != separator); ++end) {
        if (text[end] == '"') quoted = !quoted;
        if (quoted && text[end] == '\\') ++end;
    }
    end = std::min(end, text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trim_blanks(piece);
}

void append_elements(std::vector<std::string_view>& elements, std::string_view list) {
    while (!list.empty())
        if (const std::string_view element = take_piece(list, ','); !element.empty())
            elements.push_back(element);
}

std::string unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
    text = text.substr(1, text.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

std::optional<Parameter> take_parameter(std::string_view& text) {
    while (!text.empty()) {
        const std::string_view piece = take_piece(text, ';');
        if (piece.empty()) continue;
        const std::size_t equals = std::min(piece.find('='), piece.size());
        const std::size_t value = std::min(equals + 1, piece.size());
        return Parameter{trim_blanks(piece.substr(0, equals)), trim_blanks(piece.substr(value))};
    }
    return std::nullopt;
}

}  // namespace basehttp
