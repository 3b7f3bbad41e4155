#include "config/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

constexpr std::string_view kPrefix = "BASEHTTPD_";
constexpr std::string_view kProgram = "basehttpd";

/// "limit-body" to "BASEHTTPD_LIMIT_BODY"
std::string variable_name(std::string_view option) {
    std::string name(kPrefix);
    for (const char c : option) {
        const bool small = c >= 'a' && c <= 'z';
        name += c == '-' ? '_' : small ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

/// BASEHTTPD_SERVICE_HOST, BASEHTTPD_PORT_80_TCP_ADDR, BASEHTTPD_WEB_PORT=tcp://10.0.0.1:80, ...
bool names_a_service(std::string_view name, std::string_view value) {
    constexpr std::string_view port = "_PORT_";
    const std::size_t number = name.find(port) + port.size();
    return name.find("_SERVICE_HOST") != name.npos || name.find("_SERVICE_PORT") != name.npos ||
           (name.find(port) != name.npos && number < name.size() && name[number] >= '0' &&
            name[number] <= '9') ||
           (name.ends_with("_PORT") && value.find("://") != value.npos);
}

[[noreturn]] void refuse_unknown(const std::string& name) {
    std::vector<KnownName> known = {{"BASEHTTPD_CONFIG", "BASEHTTPD_CONFIG"},
                                    {"BASEHTTPD_CGI", "BASEHTTPD_CGI"}};
    for (const Setting& setting : settings()) {
        for (const std::string_view option : split_words(setting.options)) {
            if (option.size() > 1) known.push_back({variable_name(option), variable_of(setting)});
        }
    }
    // Not by the whole name: its front is always right, and would make anything look near.
    for (KnownName& one : known) one.spelling.erase(0, kPrefix.size());
    const auto nearest = nearest_name(std::string_view(name).substr(kPrefix.size()), known);
    refuse(kProgram, "unknown environment variable " + quoted(name) +
                         (nearest ? "; did you mean " + *nearest + '?'
                                  : "; names are BASEHTTPD_ and an option of --help, such as "
                                    "BASEHTTPD_LOG_LEVEL"));
}

const Setting* find_setting_of_variable(std::string_view name) {
    for (const Setting& setting : settings()) {
        if (variable_of(setting) == name) return &setting;
    }
    return nullptr;
}

void add_list(EnvironmentSettings& read, const Setting* setting, const std::string& name,
              std::string_view value) {
    const std::size_t before = read.values.size();
    for (std::size_t end = 0; !value.empty();
         value.remove_prefix(std::min(end + 1, value.size()))) {
        end = std::min(value.find('\n'), value.size());
        const std::string_view line = without_blanks(value.substr(0, end));
        if (!line.empty()) read.values.push_back({setting, name, std::string(line)});
    }
    if (read.values.size() == before) read.values.push_back({setting, name, ""});
}

bool read_switch(const std::string& name, const std::string& value) {
    const auto on = parse_switch(without_blanks(value));
    if (!on) refuse(kProgram, name + ' ' + quoted(value) + " is neither on nor off");
    return *on;
}

void add_variable(EnvironmentSettings& read, const std::string& name, const std::string& value) {
    if (name == "BASEHTTPD_CONFIG") {
        read.config_file = value;
    } else if (name == "BASEHTTPD_CGI") {
        read.cgi = read_switch(name, value);
    } else if (const Setting* const setting = find_setting_of_variable(name)) {
        if (setting->repeatable()) return add_list(read, setting, name, value);
        read.values.push_back({setting, name, value});
    } else {
        refuse_unknown(name);
    }
}

}  // namespace

Variables our_variables() {
    Variables variables;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (!text.starts_with(kPrefix) || equals == text.npos) continue;
        variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

std::string variable_of(const Setting& setting) { return variable_name(setting.option()); }

EnvironmentSettings read_variables(const Variables& variables) {
    EnvironmentSettings read;
    for (const auto& [name, value] : variables) {
        if (!name.starts_with(kPrefix) || names_a_service(name, value)) continue;
        add_variable(read, name, value);
    }
    return read;
}

}  // namespace basehttp
