#include "config/option_parser.hpp"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <string_view>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

namespace options = boost::program_options;

constexpr std::string_view kProgram = "basehttpd";

using GeneralOptions = std::span<const GeneralOption>;

std::string_view first_name(std::string_view names) { return names.substr(0, names.find(',')); }

/// The settings whose option means that setting here.
std::vector<const Setting*> settings_beside(GeneralOptions general) {
    std::vector<const Setting*> kept;
    for (const Setting& setting : settings()) {
        const auto same = [&](const GeneralOption& option) {
            return first_name(option.options) == setting.option();
        };
        if (std::none_of(general.begin(), general.end(), same)) kept.push_back(&setting);
    }
    return kept;
}

options::options_description description(GeneralOptions general) {
    options::options_description made;
    auto add = made.add_options();
    for (const GeneralOption& option : general) {
        if (*option.placeholder == '\0') {
            add(option.options, option.help);
        } else {
            add(option.options, options::value<std::string>(), option.help);
        }
    }
    for (const Setting* setting : settings_beside(general)) {
        add(setting->options.c_str(), options::value<std::string>(), setting->help.c_str());
    }
    return made;
}

/// "port" and "directory" of "port,p" and "root,directory,d".
std::vector<std::string_view> long_names(std::string_view names) {
    auto words = split_words(names);
    std::erase_if(words, [](std::string_view word) { return word.size() == 1; });
    return words;
}

[[noreturn]] void refuse_unknown(std::string_view token, GeneralOptions general) {
    const std::string_view option = token.substr(0, token.find('='));
    std::vector<KnownName> known;
    const auto add = [&](std::string_view names) {
        for (const std::string_view name : long_names(names)) {
            known.push_back({std::string(name), std::string(name)});
        }
    };
    for (const GeneralOption& one : general) add(one.options);
    for (const Setting* setting : settings_beside(general)) add(setting->options);
    std::string name =
        lower_case(option.substr(std::min(option.find_first_not_of('-'), option.size())));
    std::replace(name.begin(), name.end(), '_', '-');
    const auto nearest = nearest_name(name, known);
    refuse(kProgram, "unknown option " + quoted(option) +
                         (nearest ? "; did you mean '--" + *nearest + "'?" : "; see --help"));
}

[[noreturn]] void refuse_syntax(const options::invalid_command_line_syntax& error) {
    const std::string name = error.get_option_name();
    using enum options::invalid_syntax::kind_t;
    switch (error.kind()) {
        case missing_parameter:
            refuse(kProgram, "option " + quoted(name) + " needs a value after it; see --help");
        case empty_adjacent_parameter:
            refuse(kProgram, "option " + quoted(name) +
                                 " has no value after '='; for an empty one " + "write " +
                                 one_line(name) + " ''");
        case extra_parameter:
            refuse(kProgram, "option " + quoted(name) + " takes no value");
        default:
            refuse(kProgram, one_line(error.what()));
    }
}

std::vector<options::option> parse(int argc, const char* const* argv, GeneralOptions general) {
    const options::options_description known = description(general);
    using namespace options::command_line_style;
    try {
        options::command_line_parser parser(argc, argv);
        parser.options(known).style(unix_style & ~allow_guessing).allow_unregistered();
        return parser.run().options;
    } catch (const options::invalid_command_line_syntax& error) {
        refuse_syntax(error);
    } catch (const options::error& error) {
        refuse(kProgram, one_line(error.what()));
    }
}

/// "-p" of "-p8000", "--port" of "--port=8000".
std::string spelled_option(const options::option& option) {
    const std::string& token = option.original_tokens.front();
    return token.starts_with("--") ? token.substr(0, token.find('=')) : token.substr(0, 2);
}

}  // namespace

std::vector<GivenOption> parse_options(int argc, const char* const* argv, GeneralOptions general) {
    std::vector<GivenOption> given;
    for (options::option& option : parse(argc, argv, general)) {
        if (option.unregistered) refuse_unknown(option.original_tokens.front(), general);
        std::string value = option.value.empty() ? "" : std::move(option.value.front());
        if (option.position_key >= 0) {
            given.push_back({"", "", std::move(value)});
        } else {
            given.push_back({option.string_key, spelled_option(option), std::move(value)});
        }
    }
    return given;
}

}  // namespace basehttp
