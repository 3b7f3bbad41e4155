// tests/config/NAME.ini, perhaps with NAME.args (one argument a line) and NAME.env (NAME=VALUE a
// line), against NAME.expected: the error line, or what --print-config prints without the defaults
// (with them if NAME ends in
// "-full"). UPDATE_GOLDEN=1 in the environment writes the .expected files anew; read the diff.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/config_reader.hpp"

namespace basehttp {
namespace {

namespace fs = std::filesystem;

const fs::path kDirectory = fs::path(__FILE__).parent_path().parent_path() / "config";

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        all.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return all;
}

std::string without_directory(std::string text) {
    const std::string prefix = kDirectory.string() + '/';
    for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix, at)) {
        text.erase(at, prefix.size());
    }
    return text;
}

std::string without_defaults(const std::string& text) {
    std::string kept;
    for (const std::string& line : lines(text)) {
        if (!line.ends_with("# default")) kept += line + '\n';
    }
    return kept;
}

std::vector<std::string> arguments(const fs::path& ini) {
    std::vector<std::string> all = {"basehttpd", "--print-config", "--config", ini.string()};
    for (std::string& line : lines(content(fs::path(ini).replace_extension(".args")))) {
        all.push_back(std::move(line));
    }
    return all;
}

Variables variables(const fs::path& ini) {
    Variables all;
    for (const std::string& line : lines(content(fs::path(ini).replace_extension(".env")))) {
        const std::size_t equals = line.find('=');
        all.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    return all;
}

std::string outcome(const fs::path& ini) {
    const auto texts = arguments(ini);
    std::vector<const char*> argv;
    for (const std::string& text : texts) argv.push_back(text.c_str());
    try {
        const Parsed parsed =
            read_config(static_cast<int>(argv.size()), argv.data(), variables(ini));
        const bool full = ini.stem().string().ends_with("-full");
        return without_directory(full ? parsed.text : without_defaults(parsed.text));
    } catch (const ConfigError& error) {
        return without_directory(error.what()) + '\n';
    }
}

TEST_SUITE_BEGIN("read_config");

TEST_CASE("Each configuration file of tests/config gives its expected settings or error line") {
    const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
    int count = 0;
    for (const auto& entry : fs::directory_iterator(kDirectory)) {
        if (entry.path().extension() != ".ini") continue;
        const fs::path expected = fs::path(entry.path()).replace_extension(".expected");
        const std::string actual = outcome(entry.path());
        if (update) std::ofstream(expected, std::ios::binary) << actual;
        CAPTURE(entry.path().filename().string());
        CHECK(actual == content(expected));
        ++count;
    }
    CHECK(count > 160);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
