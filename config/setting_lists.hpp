// The settings that hold many values: bind, networks, index, type, header, cache_control,
// error_page; and access_format, which is a name or much more. Each
// add_ function is a Field::parse and each _lines function a Field::print. Pure but for the list.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basehttp {

using Texts = std::vector<std::string>;
using TextPairs = std::vector<std::pair<std::string, std::string>>;
using ErrorPages = std::map<int, std::string>;

bool has_first(const TextPairs& pairs, std::string_view first);

/// A line for each pair.
Texts joined(const TextPairs& pairs, std::string_view between);

/// Addresses between blanks or commas.
std::string add_bind(Texts& entries, std::string_view text);
Texts bind_lines(const Texts& entries);

/// IP addresses, networks such as 10.0.0.0/8, and the word unix, between blanks or commas.
std::string add_networks(Texts& networks, std::string_view text);

/// A name in any letter case, or a text with a '%'.
std::optional<std::string> parse_access_format(std::string_view text);

/// File names between blanks or commas, perhaps none.
std::optional<Texts> parse_index(std::string_view text);
std::string index_text(const Texts& names);

/// ".wasm application/wasm". The extension is kept in lower case and may come once.
std::string add_type(TextPairs& types, std::string_view text);
Texts type_lines(const TextPairs& types);

/// "Name: value". Refuses the fields that the server must set itself.
std::string add_header(TextPairs& headers, std::string_view text);
Texts header_lines(const TextPairs& headers);

/// "/assets/* public, max-age=31536000". The pattern may come once.
std::string add_cache_control(TextPairs& rules, std::string_view text);
Texts cache_control_lines(const TextPairs& rules);

/// "404 /404.html", the status from 400 to 599, once each.
std::string add_error_page(ErrorPages& pages, std::string_view text);
Texts error_page_lines(const ErrorPages& pages);

}  // namespace basehttp
