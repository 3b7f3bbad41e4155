#include "config/config_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <system_error>

#include "config/config_check.hpp"
#include "config/config_print.hpp"
#include "config/ini_text.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"
#include "config/tls_check.hpp"

namespace basehttp {
namespace {

/// One layer of settings, put on top of what config and site hold already.
struct Layer {
    Config& config;
    SiteConfig& site;
    std::map<std::string, std::string>& origins;  ///< As in Provenance::sites.
    std::set<const Setting*> seen;                ///< Lists that this layer has begun anew.
};

/// Returns how the text is wrong, or nothing. `origin` is for the provenance.
std::string put(Layer& layer, const Setting& setting, const std::string& text,
                const std::string& origin) {
    const Field& field = setting.field;
    Config fresh;
    SiteConfig fresh_site;
    if (setting.repeatable()) {
        field.clear(fresh, fresh_site);
        if (layer.seen.insert(&setting).second || text.empty()) {
            field.clear(layer.config, layer.site);
        }
        if (text.empty()) {
            layer.origins[setting.name() + '='] = origin;
            return {};
        }
    }
    std::string wrong = field.parse(text, layer.config, layer.site);
    if (!wrong.empty()) return wrong;
    field.parse(text, fresh, fresh_site);  // For the text as it will be printed.
    for (const std::string& shown : field.print(fresh, fresh_site)) {
        layer.origins[setting.name() + '=' + shown] = origin;
    }
    return {};
}

void put_entry(Layer& layer, const IniEntry& entry, std::string_view file) {
    const std::string where = file_and_line(file, entry.line);
    std::string wrong = put(layer, *entry.setting, entry.value, where);
    if (wrong.empty()) return;
    if (entry.value.find(" ;") != std::string::npos)
        wrong += "; ';' begins no comment here, # does";
    refuse(where, entry.setting->key + ' ' + quoted(entry.value) + ' ' + wrong);
}

/// Keys belong to the certificates they came with: new certificates come with their own.
void forget_old_keys(Layer& layer) {
    static const Setting* const certificate = find_setting("tls", "certificate");
    static const Setting* const key = find_setting("tls", "key");
    if (layer.seen.count(certificate) == 1 && layer.seen.count(key) == 0) {
        layer.site.tls.keys.clear();
    }
}

/// Values that come one by one, from the environment or the command line.
void put_given(Layer& layer, const std::vector<CommandLineValue>& values, bool cgi,
               const std::string& origin) {
    for (const CommandLineValue& given : values) {
        const std::string value(without_blanks(given.value));
        const auto refused = [](char c) { return is_control(c) && c != '\t'; };
        const bool has_control = std::any_of(value.begin(), value.end(), refused);
        const std::string wrong =
            has_control ? "has a control character" : put(layer, *given.setting, value, origin);
        if (!wrong.empty()) {
            refuse("basehttpd", given.option + ' ' + quoted(given.value) + ' ' + wrong);
        }
    }
    if (cgi && layer.site.cgi.directories.empty()) {
        put(layer, *find_setting("cgi", "directories"), "/cgi-bin", origin);
    }
    forget_old_keys(layer);
}

void put_sites(Parsed& parsed, const IniText& ini, std::string_view file) {
    for (std::size_t i = 0; i < ini.sections.size(); ++i) {
        if (ini.sections[i].name != "site" || ini.sections[i].names.empty()) continue;
        SiteConfig site = parsed.config.sites.front();
        site.names = ini.sections[i].names;
        site.tag.clear();  // one site's only
        auto origins = parsed.provenance.sites.front();
        Layer layer{parsed.config, site, origins, {}};
        for (const IniEntry& entry : ini.entries) {
            if (ini.sections[entry.section].sites.count(i) == 1) put_entry(layer, entry, file);
        }
        forget_old_keys(layer);
        parsed.config.sites.push_back(std::move(site));
        parsed.provenance.sites.push_back(std::move(origins));
    }
}

std::string reason(int error) { return std::generic_category().message(error); }

/// `where` is the front of messages.
std::string read_text_file(const std::string& path, std::string_view where) {
    constexpr std::size_t most = 1u << 20;
    const auto refuse_file = [&](const std::string& why) {
        refuse(where, "configuration file " + quoted(path) + ' ' + why);
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) refuse_file("cannot be read: " + reason(errno));
    std::string text;
    std::array<char, 4096> part{};
    while (!std::feof(file.get())) {
        text.append(part.data(), std::fread(part.data(), 1, part.size(), file.get()));
        if (std::ferror(file.get())) refuse_file("cannot be read: " + reason(errno));
        if (text.size() > most) refuse_file("has more than 1 MiB; is it the right one?");
    }
    return text;
}

}  // namespace

Parsed merge_config(std::string_view ini_text, std::string_view file, const CommandLine& line,
                    const EnvironmentSettings& environment) {
    const IniText ini = read_ini(ini_text, file);
    Parsed parsed;
    parsed.action = line.action;
    parsed.cgi_command = line.cgi_command.value_or(CgiCommand{});
    parsed.healthcheck = line.healthcheck.value_or(HealthcheckCommand{});
    Config& config = parsed.config;
    Layer from_ini{config, config.sites.front(), parsed.provenance.sites.front(), {}};
    for (const IniEntry& entry : ini.entries) {
        if (ini.sections[entry.section].names.empty()) put_entry(from_ini, entry, file);
    }
    Layer from_variables{config, config.sites.front(), parsed.provenance.sites.front(), {}};
    put_given(from_variables, environment.values, environment.cgi, std::string(kFromEnvironment));
    Layer from_user{config, config.sites.front(), parsed.provenance.sites.front(), {}};
    put_given(from_user, line.values, line.cgi, "command line");
    put_sites(parsed, ini, file);
    return parsed;
}

Parsed read_config(int argc, const char* const* argv, const Variables& variables) {
    const CommandLine line = read_command_line(argc, argv);
    Parsed parsed;
    parsed.action = line.action;
    if (line.action == Action::version) return parsed;
    if (line.action == Action::help) {
        parsed.text = line.cgi_command   ? cgi_help_text()
                      : line.healthcheck ? healthcheck_help_text()
                                         : help_text();
        return parsed;
    }
    const EnvironmentSettings environment = read_variables(variables);
    const auto& file = line.config_file ? line.config_file : environment.config_file;
    const char* const named_by = line.config_file ? "basehttpd" : "BASEHTTPD_CONFIG";
    parsed = merge_config(file ? read_text_file(*file, named_by) : "", file.value_or(""), line,
                          environment);
    parsed.config_file = file.value_or("");
    if (line.action == Action::healthcheck) return parsed;
    check_tags(parsed.config, parsed.provenance);
    check_paths(parsed.config, parsed.provenance);
    if (line.action != Action::cgi) check_tls(parsed.config, parsed.provenance);
    if (line.action == Action::print) {
        parsed.text = print_config(parsed.config, parsed.provenance);
    }
    return parsed;
}

}  // namespace basehttp
