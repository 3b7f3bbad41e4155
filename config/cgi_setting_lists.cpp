#include "config/cgi_setting_lists.hpp"

#include <algorithm>

#include "config/config_error.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

/// ".py", ".inc.php"
bool is_extension(std::string_view text) {
    return text.size() > 1 && text.front() == '.' && text.back() != '.' && is_file_name(text);
}

}  // namespace

std::string add_cgi_directories(Texts& directories, std::string_view text) {
    Texts added;
    const auto words = split_words(text);
    if (words.empty()) return "names no path";
    for (const std::string_view word : words) {
        std::string_view path = word;
        if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
        if (!is_cgi_directory(path)) {
            return (word == text ? "is" : "has " + quoted(word) + ", which is") +
                   std::string(" not a path of the site such as /cgi-bin");
        }
        added.emplace_back(path);
    }
    directories.insert(directories.end(), added.begin(), added.end());
    return {};
}

Texts cgi_directory_lines(const Texts& directories) { return directories; }

std::string add_interpreter(TextPairs& interpreters, std::string_view text) {
    const auto [extension, program] = split_first_word(text);
    if (!is_extension(extension) || !is_absolute_path(program)) {
        return "is not an extension and the absolute path of a program such as "
               "'.py /usr/bin/python3'";
    }
    std::string lower = lower_case(extension);
    if (has_first(interpreters, lower)) return "gives " + quoted(lower) + " a second program";
    interpreters.emplace_back(std::move(lower), program);
    return {};
}

Texts interpreter_lines(const TextPairs& interpreters) { return joined(interpreters, " "); }

std::string add_variable(TextPairs& variables, std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return "is not of the form 'NAME=value'";
    const std::string_view name = text.substr(0, equals);
    if (!is_variable_name(name)) {
        return "has a name that is not letters, digits and '_' with no digit first";
    }
    if (has_first(variables, name)) return "gives " + quoted(name) + " a second value";
    variables.emplace_back(name, text.substr(equals + 1));
    return {};
}

Texts variable_lines(const TextPairs& variables) { return joined(variables, "="); }

std::optional<Texts> parse_variable_names(std::string_view text) {
    const auto words = split_words(text);
    if (!std::all_of(words.begin(), words.end(), is_variable_name)) return std::nullopt;
    return Texts(words.begin(), words.end());
}

std::string variable_names_text(const Texts& names) { return index_text(names); }

std::string add_absolute_path(Texts& paths, std::string_view text) {
    if (!is_absolute_path(text)) return "is not an absolute path such as /srv/files";
    paths.emplace_back(text);
    return {};
}

Texts path_lines(const Texts& paths) { return paths; }

}  // namespace basehttp
