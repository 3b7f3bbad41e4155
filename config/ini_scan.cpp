#include "config/ini_scan.hpp"

#include <algorithm>
#include <map>

#include "config/config_error.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Position of the closing quote of the one at `open`, or npos.
std::size_t closing_quote(std::string_view text, std::size_t open) {
    for (std::size_t i = open + 1; i < text.size(); ++i) {
        if (text[i] == '"') return i;
        if (text[i] == '\\') ++i;
    }
    return std::string_view::npos;
}

/// Position of the first '#' that follows a blank, from `begin` on; else the size.
std::size_t comment_begin(std::string_view line, std::size_t begin) {
    for (std::size_t i = std::max<std::size_t>(begin, 1); i < line.size(); ++i) {
        if (line[i] == '#' && is_blank(line[i - 1])) return i;
    }
    return line.size();
}

std::string_view without_comment(std::string_view line) {
    std::size_t comment = comment_begin(line, 0);
    const std::size_t value = line.find_first_not_of(" \t", line.find('=') + 1);
    const bool has_value = line.find('=') < comment && value != std::string_view::npos;
    if (has_value && line[value] == '"') {
        const std::size_t close = closing_quote(line, value);
        comment = close == std::string_view::npos ? line.size() : comment_begin(line, close);
    }
    return without_blanks(line.substr(0, comment));
}

std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (const SettingSection& section : setting_sections()) names.push_back(section.name);
    names.emplace_back(kEnvSection);
    return names;
}

bool may_have_names(std::string_view name) {
    const auto sections = setting_sections();
    return name == kEnvSection ||
           std::any_of(sections.begin(), sections.end(), [&](const SettingSection& section) {
               return section.name == name && section.of_site;
           });
}

class Scanner {
  public:
    explicit Scanner(std::string_view file) : file_(file) {}

    void scan(std::string_view text) {
        if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            ++line_;
            scan_line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }

    ScannedIni take() {
        find_sites();
        return std::move(ini_);
    }

  private:
    [[noreturn]] void refuse_line(const std::string& message) const {
        refuse(file_and_line(file_, line_), message);
    }

    void scan_line(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = without_blanks(line);
        if (line.empty() || line.front() == '#' || line.front() == ';') return;
        const auto refused = [](char c) { return is_control(c) && c != '\t'; };
        if (std::any_of(line.begin(), line.end(), refused)) {
            refuse_line("this line has a control character; remove it");
        }
        line = without_comment(line);
        if (line.front() == '[') return scan_section(line);
        scan_setting(line);
    }

    void scan_section(std::string_view line) {
        if (line.back() != ']') refuse_line(quoted(line) + " is not a section: ']' is not last");
        const auto words = split_words(line.substr(1, line.size() - 2));
        if (words.empty()) refuse_line("'[]' is not a section: it has no name");
        IniSection section{std::string(words.front()), {}, line_};
        check_section(section.name);
        if (words.size() > 1 && !may_have_names(section.name)) {
            refuse_line('[' + section.name +
                        "] takes no names; only [site NAME...], [cgi NAME...] and [tls NAME...] "
                        "do");
        }
        std::for_each(words.begin() + 1, words.end(),
                      [&](std::string_view word) { add_name(section, lower_case(word)); });
        ini_.plain += '[' + section.name + "]\n";
        ini_.sections.push_back(std::move(section));
    }

    void check_section(const std::string& name) const {
        std::vector<KnownName> known;
        std::string all;
        for (const std::string& section : section_names()) {
            if (section == name) return;
            known.push_back({section, section});
            all += (all.empty() ? "[" : ", [") + section + ']';
        }
        const auto nearest = nearest_name(name, known);
        refuse_line("unknown section [" + one_line(name) + "]; " +
                    (nearest ? "did you mean [" + *nearest + "]?" : "there are " + all));
    }

    void add_name(IniSection& section, std::string name) {
        if (!is_site_name(name)) {
            refuse_line("site name " + quoted(name) + " is not a host name without port");
        }
        if (section.name == "site") {
            const auto [first, is_new] = sites_.emplace(name, Site{ini_.sections.size(), line_});
            if (!is_new) {
                refuse_line("site name " + quoted(name) + " is taken already, in line " +
                            std::to_string(first->second.line));
            }
        }
        section.names.push_back(std::move(name));
    }

    /// Only now: a [cgi NAME...] or [tls NAME...] may stand above its [site NAME...].
    void find_sites() {
        for (IniSection& section : ini_.sections) {
            for (const std::string& name : section.names) {
                const auto site = sites_.find(name);
                if (site == sites_.end()) refuse_unknown_site(section, name);
                section.sites.insert(site->second.section);
            }
        }
    }

    [[noreturn]] void refuse_unknown_site(const IniSection& section, const std::string& name) {
        std::vector<KnownName> known;
        for (const auto& [site, place] : sites_) known.push_back({site, site});
        const auto nearest = nearest_name(name, known);
        line_ = section.line;
        refuse_line("no [site NAME...] has the name " + quoted(name) + " of this section; " +
                    (nearest ? "did you mean " + quoted(*nearest) + '?'
                             : "add [site " + one_line(name) + "] to the file"));
    }

    void scan_setting(std::string_view line) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            refuse_line(quoted(line) + " is not 'key = value', '[section]' or '# comment'");
        }
        const std::string_view key = without_blanks(line.substr(0, equals));
        if (ini_.sections.empty()) refuse_outside(key);
        if (!unquoted_value(without_blanks(line.substr(equals + 1)))) {
            refuse_line("value of " + quoted(key) + " begins with a quote but does not end in one");
        }
        std::string plain(line);
        std::replace(plain.begin(), plain.end(), '#', kHiddenHash);
        ini_.plain += plain + '\n';
        ini_.places.push_back({ini_.sections.size() - 1, line_});
    }

    [[noreturn]] void refuse_outside(std::string_view key) const {
        for (const SettingSection& section : setting_sections()) {
            if (!find_setting(section.name, key)) continue;
            refuse_line(quoted(key) + " stands before any section; put [" + section.name +
                        "] above it");
        }
        if (key.starts_with('.')) {
            refuse_line(quoted(key) + " stands before any section; put [cgi] above it");
        }
        refuse_line(quoted(key) + " stands before any section, and no section has this key");
    }

    std::string_view file_;
    unsigned line_ = 0;
    ScannedIni ini_;

    struct Site {
        std::size_t section;
        unsigned line;
    };
    std::map<std::string, Site> sites_;  ///< By name.
};

}  // namespace

ScannedIni scan_ini(std::string_view text, std::string_view file) {
    Scanner scanner(file);
    scanner.scan(text);
    return scanner.take();
}

std::optional<std::string> unquoted_value(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text);
    if (text.size() < 2 || closing_quote(text, 0) != text.size() - 1) return std::nullopt;
    std::string value;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        const bool escaped = text[i] == '\\' && (text[i + 1] == '"' || text[i + 1] == '\\');
        if (escaped) ++i;
        value += text[i];
    }
    return value;
}

std::string quoted_value(std::string_view value) {
    const bool has_comment = value.starts_with('#') || comment_begin(value, 0) != value.size();
    const bool is_plain = !has_comment && !value.starts_with('"') && without_blanks(value) == value;
    if (is_plain) return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

}  // namespace basehttp
