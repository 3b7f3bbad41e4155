#include "config/config_print.hpp"

#include "config/command_line.hpp"
#include "config/ini_scan.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

void pad(std::string& line, std::size_t column) {
    line.append(line.size() < column ? column - line.size() : 1, ' ');
}

void print_setting(std::string& out, const Setting& setting, const Config& config,
                   const Provenance& provenance, std::size_t site) {
    auto texts = setting.field.print(config, config.sites[site]);
    if (texts.empty()) texts.emplace_back();  // "header =" empties a list.
    for (const std::string& text : texts) {
        constexpr std::size_t comment_column = 44;
        std::string line = setting.key + " = " + quoted_value(text);
        pad(line, comment_column);
        out += line + "# " + origin_of(provenance, site, setting.name(), text) + '\n';
    }
}

void print_section(std::string& out, const std::string& section, const Config& config,
                   const Provenance& provenance, std::size_t site) {
    out += "\n[" + section;
    for (const std::string& name : config.sites[site].names) out += ' ' + name;
    out += "]\n";
    for (const Setting& setting : settings()) {
        if (setting.section != section) continue;
        if (site == 0 || setting.of_site()) print_setting(out, setting, config, provenance, site);
    }
}

/// "  -p, --port PORT"
std::string help_names(std::string_view names, std::string_view placeholder) {
    std::string letter = "      ";
    std::string text;
    for (const std::string_view name : split_words(names)) {
        if (name.size() == 1) {
            letter = "  -" + std::string(name) + ", ";
        } else {
            text += (text.empty() ? "--" : ", --") + std::string(name);
        }
    }
    return letter + text + (placeholder.empty() ? "" : " ") + std::string(placeholder);
}

/// Appends the names, then the help in a column of its own.
void print_help(std::string& out, std::string line, std::string_view help) {
    constexpr std::size_t column = 32;
    constexpr std::size_t width = 80;
    if (line.size() > column - 2) {
        out += line + '\n';
        line.clear();
    }
    while (!help.empty()) {
        const auto [word, rest] = split_first_word(help);
        if (line.size() + 1 + word.size() > width) {
            out += line + '\n';
            line.clear();
        }
        if (line.size() < column) {
            pad(line, column);
        } else {
            line += ' ';
        }
        line += word;
        help = rest;
    }
    out += line + '\n';
}

/// Those that are shown in `section`.
void print_options(std::string& out, std::span<const GeneralOption> options,
                   std::string_view section) {
    for (const GeneralOption& option : options) {
        if (option.section != section) continue;
        print_help(out, help_names(option.options, option.placeholder), option.help);
    }
}

}  // namespace

std::string print_config(const Config& config, const Provenance& provenance) {
    std::string out = "# The settings of basehttpd, each with where it comes from.\n";
    for (const SettingSection& section : setting_sections()) {
        print_section(out, section.name, config, provenance, 0);
    }
    for (std::size_t site = 1; site < config.sites.size(); ++site) {
        for (const SettingSection& section : setting_sections()) {
            if (section.of_site) print_section(out, section.name, config, provenance, site);
        }
    }
    return out;
}

std::string help_text() {
    std::string out =
        "Usage: basehttpd [OPTION...] [PORT]\n"
        "       basehttpd cgi SCRIPT [OPTION...]\n"
        "       basehttpd healthcheck [OPTION...] [PORT]\n"
        "Serve the files below a directory over HTTP, run one script without a server, or\n"
        "ask a running server how it is: see basehttpd cgi --help and healthcheck --help.\n\n"
        "General:\n";
    print_options(out, general_options(), "");
    for (const SettingSection& section : setting_sections()) {
        out += '\n' + section.title + ", [" + section.name + "] in the INI file:\n";
        print_options(out, general_options(), section.name);
        for (const Setting& setting : settings()) {
            if (setting.section != section.name) continue;
            const std::string text = default_text(setting);
            print_help(out, help_names(setting.options, setting.placeholder),
                       setting.help + " (default " + (text.empty() ? "none" : text) + ')');
        }
    }
    out +=
        "\nSIZE is in bytes or with k, m or g; TIME in seconds or with ms, s, m or h.\n"
        "Environment variables set options, too: BASEHTTPD_LOG_LEVEL for --log-level. The\n"
        "command line wins over them, and they over the INI file. [site NAME...] there\n"
        "adds a site for these host names; it takes over what [site], [cgi], [tls],\n"
        "environment and command line say. [cgi NAME...] changes how its scripts run,\n"
        "[tls NAME...] how it speaks TLS.\n"
        "-p HTTP/1.0 means --protocol, as for python3 -m http.server.\n";
    return out;
}

std::string healthcheck_help_text() {
    std::string out =
        "Usage: basehttpd healthcheck [OPTION...] [PORT]\n"
        "Ask the running server of this machine or container how it is, by the settings\n"
        "it was started with: the same file, environment and options. It asks /healthz\n"
        "where --health-bind or --health is set, else HEAD / and takes any status below\n"
        "500. Exit status: 0 healthy, 1 not (one line says why), 2 wrong settings.\n\n";
    print_options(out, healthcheck_options(), "");
    out +=
        "\nAll options of basehttpd count too: see basehttpd --help.\n\n"
        "Examples:\n"
        "  basehttpd healthcheck --config /etc/basehttpd/basehttpd.ini\n"
        "  HEALTHCHECK CMD [\"basehttpd\", \"healthcheck\"]    (in a Dockerfile)\n";
    return out;
}

std::string cgi_help_text() {
    std::string out =
        "Usage: basehttpd cgi SCRIPT [OPTION...]\n"
        "Run one CGI script as the daemon would, with the same environment, limits and\n"
        "rules, and print what a client would get. SCRIPT is an address of the site or a\n"
        "file.\n\n"
        "The request:\n";
    print_options(out, cgi_command_options(), "");
    out +=
        "\nAll options of basehttpd but --header count too, such as --config FILE,\n"
        "--root DIR and --cgi-timeout TIME: see basehttpd --help.\n\n"
        "Examples:\n"
        "  basehttpd cgi ./cgi-bin/hello.sh --query name=me --show-env\n"
        "  basehttpd cgi /cgi-bin/upload.py --config site.ini --method POST \\\n"
        "      --body form.txt --content-type application/x-www-form-urlencoded\n";
    return out;
}

}  // namespace basehttp
