// The settings of [cgi] that hold many values, as setting_lists.hpp has those of the others: each
// add_ function is a Field::parse and each _lines function a Field::print. Pure but for the list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/setting_lists.hpp"

namespace basehttp {

/// URL paths between blanks or commas; one '/' at the end of each is dropped.
std::string add_cgi_directories(Texts& directories, std::string_view text);
Texts cgi_directory_lines(const Texts& directories);

/// ".py /usr/bin/python3". The extension is kept in lower case and may come once.
std::string add_interpreter(TextPairs& interpreters, std::string_view text);
Texts interpreter_lines(const TextPairs& interpreters);

/// "NAME=value", the value perhaps empty. The name may come once.
std::string add_variable(TextPairs& variables, std::string_view text);
Texts variable_lines(const TextPairs& variables);

/// Names of environment variables between blanks or commas, perhaps none.
std::optional<Texts> parse_variable_names(std::string_view text);
std::string variable_names_text(const Texts& names);

/// One path, blanks in it allowed.
std::string add_absolute_path(Texts& paths, std::string_view text);
Texts path_lines(const Texts& paths);

}  // namespace basehttp
