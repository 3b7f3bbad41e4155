#include "config/ini_text.hpp"

#include <algorithm>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <map>
#include <sstream>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_rules.hpp"

namespace basehttp {
namespace {

namespace options = boost::program_options;

const options::options_description& ini_description() {
    static const options::options_description description = [] {
        options::options_description made;
        for (const Setting& setting : settings()) {
            made.add_options()(setting.name().c_str(), options::value<std::string>(), "");
        }
        return made;
    }();
    return description;
}

std::string shown_hash(std::string text) {
    std::replace(text.begin(), text.end(), kHiddenHash, '#');
    return text;
}

/// What to write instead of an unknown key; begins with "; ".
std::string advice(const std::string& section, const std::string& key) {
    if (key.starts_with('.')) return "; it belongs in [cgi]";
    std::vector<KnownName> known;
    for (const Setting& setting : settings()) {
        if (setting.section != section) {
            if (setting.key == key) return "; it belongs in [" + setting.section + ']';
            continue;
        }
        std::string option = setting.option();
        std::replace(option.begin(), option.end(), '-', '_');
        known.push_back({setting.key, setting.key});
        known.push_back({std::move(option), setting.key});
    }
    const auto nearest = nearest_name(key, known);
    if (nearest) return "; did you mean " + quoted(*nearest) + '?';
    return "; --help names all settings";
}

std::string title(const IniSection& section) {
    std::string text = '[' + section.name;
    for (const std::string& name : section.names) text += ' ' + name;
    return one_line(text + ']');
}

void check_once(const IniText& ini, std::string_view file) {
    // The parts of [site] and the like are one section, as is what sets one [site NAME...].
    std::map<std::pair<std::size_t, const Setting*>, unsigned> first_lines;
    for (const IniEntry& entry : ini.entries) {
        if (entry.setting->repeatable()) continue;
        const IniSection& section = ini.sections[entry.section];
        std::set<std::size_t> sites = section.sites;
        if (sites.empty()) sites.insert(ini.sections.size());  // Stands for the default site.
        for (const std::size_t site : sites) {
            const auto [first, is_new] =
                first_lines.emplace(std::pair(site, entry.setting), entry.line);
            if (is_new) continue;
            refuse(file_and_line(file, entry.line),
                   quoted(entry.setting->key) + " in " + title(section) +
                       " is set already, in line " + std::to_string(first->second));
        }
    }
}

/// The setting that a key names, and the front of its value: of ".py" the setting cgi.interpreter
/// and ".py ".
std::pair<const Setting*, std::string> meaning(const IniSection& section, const std::string& key,
                                               const std::string& where) {
    if (section.name == kEnvSection) {
        if (is_variable_name(key)) return {find_setting("cgi", "env"), key + '='};
        refuse(where, quoted(key) + " in " + title(section) +
                          " is not a name for a variable: letters, digits and '_' with no digit "
                          "first");
    }
    if (section.name == "cgi" && key.starts_with('.')) {
        return {find_setting("cgi", "interpreter"), key + ' '};
    }
    const Setting* const setting = find_setting(section.name, key);
    if (!setting) {
        refuse(where,
               "unknown key " + quoted(key) + " in " + title(section) + advice(section.name, key));
    }
    if (!section.names.empty() && !setting->of_site()) {
        refuse(where, quoted(key) + " in " + title(section) +
                          " is for all sites together; put it in [" + section.name + ']');
    }
    return {setting, ""};
}

}  // namespace

IniText read_ini(std::string_view text, std::string_view file) {
    ScannedIni scanned = scan_ini(text, file);
    std::istringstream plain(scanned.plain);
    const auto parsed = options::parse_config_file(plain, ini_description(), true);
    if (parsed.options.size() != scanned.places.size()) {
        refuse(one_line(file), "the scanner and Boost.Program_options disagree; please report it");
    }
    IniText ini{std::move(scanned.sections), {}};
    for (std::size_t i = 0; i < parsed.options.size(); ++i) {
        const options::option& option = parsed.options[i];
        const IniPlace& place = scanned.places[i];
        const IniSection& section = ini.sections[place.section];
        const std::string key = shown_hash(option.string_key.substr(section.name.size() + 1));
        auto [setting, front] = meaning(section, key, file_and_line(file, place.line));
        const std::string value = shown_hash(option.value.front());
        ini.entries.push_back({setting, std::move(front) + unquoted_value(value).value_or(value),
                               place.section, place.line});
    }
    check_once(ini, file);
    return ini;
}

}  // namespace basehttp
