#include "config/ini_text.hpp"

#include <algorithm>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <map>
#include <sstream>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"

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
    // The parts of [site] and the like are one section, as is each [site NAME...].
    std::map<std::pair<std::string, const Setting*>, unsigned> first_lines;
    for (const IniEntry& entry : ini.entries) {
        if (entry.setting->repeatable()) continue;
        const IniSection& section = ini.sections[entry.section];
        const std::string site = section.names.empty() ? "" : section.names.front();
        const auto [first, is_new] =
            first_lines.emplace(std::pair(site, entry.setting), entry.line);
        if (is_new) continue;
        refuse(file_and_line(file, entry.line), quoted(entry.setting->key) + " in " +
                                                    title(section) + " is set already, in line " +
                                                    std::to_string(first->second));
    }
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
        const Setting* const setting = find_setting(section.name, key);
        if (!setting) {
            refuse(file_and_line(file, place.line), "unknown key " + quoted(key) + " in " +
                                                        title(section) + advice(section.name, key));
        }
        const std::string value = shown_hash(option.value.front());
        ini.entries.push_back(
            {setting, unquoted_value(value).value_or(value), place.section, place.line});
    }
    check_once(ini, file);
    return ini;
}

}  // namespace basehttp
