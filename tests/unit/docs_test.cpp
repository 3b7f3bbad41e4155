// docs/configuration.md against the settings table: a row for each key in its section, with its
// default, its range and its options, and no row for a key that is gone.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

namespace fs = std::filesystem;

using Cells = std::vector<std::string>;

fs::path docs() { return fs::path(__FILE__).parent_path().parent_path().parent_path() / "docs"; }

std::string code(std::string_view text) { return '`' + std::string(text) + '`'; }

/// The cells of "| a | b |" without the blanks around them; empty for any other line.
Cells cells_of(const std::string& line) {
    Cells cells;
    if (!line.starts_with("| ")) return cells;
    for (std::size_t at = 1; at < line.size();) {
        const std::size_t end = std::min(line.find('|', at), line.size());
        cells.emplace_back(without_blanks(std::string_view(line).substr(at, end - at)));
        at = end + 1;
    }
    return cells;
}

/// The rows that begin with `key`, by "section.key".
std::map<std::string, Cells> rows_of(std::istream& text) {
    std::map<std::string, Cells> rows;
    std::string section;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("## [")) section = line.substr(4, line.find(']') - 4);
        const Cells cells = cells_of(line);
        if (cells.empty() || !cells[0].starts_with('`')) continue;
        const std::string key = cells[0].substr(1, cells[0].size() - 2);
        CAPTURE(key);
        CHECK(rows.emplace(section + '.' + key, cells).second);
    }
    return rows;
}

std::map<std::string, Cells> configuration_rows() {
    std::ifstream file(docs() / "configuration.md");
    REQUIRE(file);
    return rows_of(file);
}

/// "0 to 65535" of "is not a number from 0 to 65535"; empty for settings without bounds.
std::string range_of(const Setting& setting) {
    Config config;
    SiteConfig site;
    const std::string wrong = setting.field.parse("?", config, site);
    const std::size_t from = wrong.find(" from ");
    if (from == wrong.npos || wrong.starts_with("is not a status") || setting.repeatable())
        return {};
    const std::string range = wrong.substr(from + 6);
    return range.substr(0, range.find(" ("));
}

/// "`--port`, `-p`" of "port,p".
std::string options_cell(const Setting& setting) {
    std::string cell;
    for (const std::string_view name : split_words(setting.options)) {
        if (!cell.empty()) cell += ", ";
        cell += code((name.size() == 1 ? "-" : "--") + std::string(name));
    }
    return cell;
}

TEST_SUITE_BEGIN("docs/configuration.md");

TEST_CASE("The page on configuration names each setting with its default, bounds and options") {
    const auto rows = configuration_rows();
    for (const Setting& setting : settings()) {
        CAPTURE(setting.name());
        const auto found = rows.find(setting.name());
        REQUIRE(found != rows.end());
        const Cells& cells = found->second;
        REQUIRE(cells.size() == 5);
        const std::string value = default_text(setting);
        CHECK(cells[1] == (value.empty() ? "none" : code(value)));
        if (const std::string range = range_of(setting); !range.empty()) CHECK(cells[2] == range);
        CHECK(cells[3] == options_cell(setting));
        CHECK_FALSE(cells[4].empty());
        CHECK((cells[4].find("epeatable") != std::string::npos) == setting.repeatable());
    }
}

TEST_CASE("The page on configuration names no setting that does not exist") {
    for (const auto& [name, cells] : configuration_rows()) {
        CAPTURE(name);
        const std::size_t dot = name.find('.');
        CHECK(find_setting(name.substr(0, dot), name.substr(dot + 1)) != nullptr);
    }
}

TEST_CASE("A page of the documentation has at most 300 lines") {
    for (const auto& entry : fs::directory_iterator(docs())) {
        if (entry.path().extension() != ".md") continue;
        CAPTURE(entry.path().string());
        std::ifstream file(entry.path());
        const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
        CHECK(lines > 0);
        CHECK(lines <= 300);
    }
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
