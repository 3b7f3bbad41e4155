#include "config/command_line.hpp"

#include <algorithm>
#include <array>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

namespace options = boost::program_options;

constexpr std::string_view kProgram = "basehttpd";

options::options_description description() {
    options::options_description made;
    auto add = made.add_options();
    for (const GeneralOption& option : general_options()) {
        if (*option.placeholder == '\0') {
            add(option.options, option.help);
        } else {
            add(option.options, options::value<std::string>(), option.help);
        }
    }
    for (const Setting& setting : settings()) {
        add(setting.options.c_str(), options::value<std::string>(), setting.help.c_str());
    }
    return made;
}

/// "port" and "directory" of "port,p" and "root,directory,d".
std::vector<std::string_view> long_names(std::string_view names) {
    auto words = split_words(names);
    std::erase_if(words, [](std::string_view word) { return word.size() == 1; });
    return words;
}

[[noreturn]] void refuse_unknown(std::string_view token) {
    const std::string_view option = token.substr(0, token.find('='));
    std::vector<KnownName> known;
    const auto add = [&](std::string_view names) {
        for (const std::string_view name : long_names(names)) {
            known.push_back({std::string(name), std::string(name)});
        }
    };
    for (const GeneralOption& general : general_options()) add(general.options);
    for (const Setting& setting : settings()) add(setting.options);
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

std::vector<options::option> parse(int argc, const char* const* argv) {
    const options::options_description known = description();
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

void raise(Action& action, Action wanted) { action = std::max(action, wanted); }

void add_option(CommandLine& line, const options::option& option) {
    const std::string& name = option.string_key;
    if (name == "help") return raise(line.action, Action::help);
    if (name == "version") return raise(line.action, Action::version);
    if (name == "print-config") return raise(line.action, Action::print);
    if (name == "check-config") return raise(line.action, Action::check);
    if (name == "config") {
        if (line.config_file) refuse(kProgram, "--config is given twice; there is one file only");
        line.config_file = option.value.front();
        return;
    }
    const Setting* const setting = find_setting_of_option(name);
    if (!setting) refuse_unknown(spelled_option(option));
    line.values.push_back({setting, spelled_option(option), option.value.front()});
}

void add_argument(CommandLine& line, const std::string& argument, bool& has_port) {
    if (has_port || !parse_whole_number(argument)) {
        refuse(kProgram, "unexpected argument " + quoted(argument) +
                             "; one port may stand there, a directory goes after --root");
    }
    has_port = true;
    line.values.push_back({find_setting("server", "port"), "PORT", argument});
}

}  // namespace

std::span<const GeneralOption> general_options() {
    static constexpr std::array<GeneralOption, 5> list = {{
        {"config,c", "FILE", "INI file to read; without: none, and the defaults count"},
        {"check-config", "", "Read the settings, report the first mistake, and exit"},
        {"print-config", "", "Print the settings as INI, with where each comes from, and exit"},
        {"version", "", "Print the version and exit"},
        {"help,h", "", "Print this text and exit"},
    }};
    return list;
}

CommandLine read_command_line(int argc, const char* const* argv) {
    CommandLine line;
    bool has_port = false;
    for (const options::option& option : parse(argc, argv)) {
        if (option.unregistered) refuse_unknown(option.original_tokens.front());
        if (option.position_key >= 0) {
            add_argument(line, option.value.front(), has_port);
        } else {
            add_option(line, option);
        }
    }
    return line;
}

}  // namespace basehttp
