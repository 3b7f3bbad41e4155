#include "handlers/http/mime_types.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "handlers/http/ascii.hpp"
#include "handlers/http/mime_table.hpp"
#include "handlers/http/url_path.hpp"

namespace basehttp {
namespace {

bool less_no_case(std::string_view a, std::string_view b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(ascii_lower(x)) <
               static_cast<unsigned char>(ascii_lower(y));
    });
}

// Empty when there is none.
std::string_view find_built_in(std::string_view extension) {
    const auto found = std::lower_bound(built_in_types.begin(), built_in_types.end(), extension,
                                        [](const BuiltInType& entry, std::string_view e) {
                                            return less_no_case(entry.extension, e);
                                        });
    if (found == built_in_types.end() || !equal_no_case(found->extension, extension)) return {};
    return found->type;
}

// Takes the characters up to the next blank; empty at the end of the line.
std::string_view take_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

// type "/" subtype in printable ASCII, as something that will stand in a header must be.
bool is_media_type(std::string_view word) {
    const std::size_t slash = word.find('/');
    return slash != word.npos && slash > 0 && slash + 1 < word.size() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// "text/html" of "text/html; charset=x".
std::string_view without_parameters(std::string_view type) {
    type = type.substr(0, type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    return type;
}

template <std::size_t N>
bool is_one_of(std::string_view type, const std::array<std::string_view, N>& types) {
    return std::any_of(types.begin(), types.end(),
                       [&](std::string_view t) { return equal_no_case(t, type); });
}

bool has_charset(std::string_view type) {
    for (std::size_t at = type.find(';'); at != type.npos; at = type.find(';', at + 1)) {
        const std::size_t name = type.find_first_not_of("; \t", at);
        if (name != type.npos && starts_with_no_case(type.substr(name), "charset=")) return true;
    }
    return false;
}

}  // namespace

// FNV-1a over lower-case letters: extensions are short.
std::size_t MimeTypes::NoCaseHash::operator()(std::string_view text) const noexcept {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * 0x100000001B3;
    return static_cast<std::size_t>(hash);
}

bool MimeTypes::NoCaseEqual::operator()(std::string_view a, std::string_view b) const noexcept {
    return equal_no_case(a, b);
}

void MimeTypes::load(std::string_view mime_types_text) {
    while (!mime_types_text.empty()) {
        std::string_view line = mime_types_text.substr(0, mime_types_text.find('\n'));
        mime_types_text.remove_prefix(std::min(line.size() + 1, mime_types_text.size()));
        line = line.substr(0, line.find('#'));
        const std::string_view type = take_word(line);
        if (!is_media_type(type)) continue;
        for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
            system_.insert_or_assign(std::string(".").append(word), std::string(type));
        }
    }
}

void MimeTypes::set(std::string_view extension_with_dot, std::string_view type) {
    if (extension_with_dot.empty()) {
        default_ = type;
    } else {
        explicit_.insert_or_assign(std::string(extension_with_dot), std::string(type));
    }
}

std::string_view MimeTypes::guess(std::string_view path) const {
    const std::string_view extension = path_extension(path);
    if (extension.empty()) return default_;
    if (const auto found = explicit_.find(extension); found != explicit_.end()) {
        return found->second;
    }
    if (const auto type = find_built_in(extension); !type.empty()) return type;
    if (const auto found = system_.find(extension); found != system_.end()) return found->second;
    return default_;
}

bool wants_charset(std::string_view type) {
    const std::string_view name = without_parameters(type);
    if (has_charset(type) || equal_no_case(name, "text/xml")) return false;
    return starts_with_no_case(name, "text/") || equal_no_case(name, "application/javascript");
}

bool is_compressible(std::string_view type) {
    constexpr std::array<std::string_view, 22> others = {"application/ecmascript",
                                                         "application/javascript",
                                                         "application/json",
                                                         "application/json5",
                                                         "application/jsonl",
                                                         "application/postscript",
                                                         "application/rtf",
                                                         "application/sql",
                                                         "application/toml",
                                                         "application/vnd.apple.mpegurl",
                                                         "application/vnd.ms-fontobject",
                                                         "application/wasm",
                                                         "application/x-javascript",
                                                         "application/x-ndjson",
                                                         "application/x-subrip",
                                                         "application/xml",
                                                         "application/xml-dtd",
                                                         "application/yaml",
                                                         "font/otf",
                                                         "font/ttf",
                                                         "image/bmp",
                                                         "image/x-icon"};
    const std::string_view name = without_parameters(type);
    if (starts_with_no_case(name, "text/")) return !equal_no_case(name, "text/event-stream");
    return ends_with_no_case(name, "+xml") || ends_with_no_case(name, "+json") ||
           is_one_of(name, others);
}

}  // namespace basehttp
