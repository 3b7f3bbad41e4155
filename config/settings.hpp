// The table of all settings: one row per INI key. INI and command-line reading, --help,
// --print-config and the test of the sample INI all go through it, so a new setting is a member of
// Config, a row here and a paragraph in basehttpd.ini. Built once, immutable after, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_field.hpp"

namespace basehttp {

struct Setting {
    std::string section;      ///< Without brackets: "server".
    std::string key;          ///< "request_line"
    std::string options;      ///< Long names and perhaps a letter last, by commas: "port,p".
    std::string placeholder;  ///< What --help shows for the value: "SIZE".
    std::string help;         ///< One sentence without full stop; the default follows it.
    Field field;

    [[nodiscard]] std::string name() const { return section + '.' + key; }
    /// A list: its key may stand several times.
    [[nodiscard]] bool repeatable() const { return static_cast<bool>(field.clear); }
    [[nodiscard]] bool of_site() const { return field.of_site; }
    /// The first long name, without dashes.
    [[nodiscard]] std::string option() const { return options.substr(0, options.find(',')); }
};

struct SettingSection {
    std::string name;      ///< "limits"
    std::string title;     ///< For --help: "Limits of a request".
    bool of_site = false;  ///< [NAME] may be followed by names of hosts: [site example.org].
};

/// In the order of Config, section after section.
const std::vector<Setting>& settings();

/// In the order of Config.
std::span<const SettingSection> setting_sections();

/// Null: there is no such key in that section.
const Setting* find_setting(std::string_view section, std::string_view key);

/// Null: no setting has this as its first long name.
const Setting* find_setting_of_option(std::string_view option);

/// The value in a Config that nobody has changed, as on an INI line; of an empty list: empty.
std::string default_text(const Setting& setting);

}  // namespace basehttp
