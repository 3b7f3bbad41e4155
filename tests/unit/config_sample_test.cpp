// config/basehttpd.ini, the annotated sample: "#key = value" is a default, ";" before a line an
// example.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

namespace fs = std::filesystem;

std::string sample() {
    const fs::path root = fs::path(__FILE__).parent_path().parent_path().parent_path();
    std::ifstream in(root / "config" / "basehttpd.ini", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The sample with the marks taken from the lines that begin with `mark` and no blank after it.
std::string sample_with(char mark) {
    std::string text = '\n' + sample();
    for (std::size_t at = text.find('\n'); at + 2 < text.size(); at = text.find('\n', at + 1)) {
        if (text[at + 1] == mark && text[at + 2] != ' ' && text[at + 2] != '\n') {
            text.erase(at + 1, 1);
        }
    }
    return text;
}

TEST_SUITE_BEGIN("basehttpd.ini");

TEST_CASE("The sample as it is changes no default") {
    REQUIRE_FALSE(sample().empty());
    const Parsed parsed = merge_config(sample(), "basehttpd.ini");
    CHECK(parsed.config == Config{});
    CHECK(parsed.provenance.sites.front().empty());
}

TEST_CASE("The sample with its defaults switched on sets every key to its default") {
    const Parsed parsed = merge_config(sample_with('#'), "basehttpd.ini");
    CHECK(parsed.config == Config{});
    for (const Setting& setting : settings()) {
        CAPTURE(setting.name());
        const std::string origin =
            origin_of(parsed.provenance, 0, setting.name(), default_text(setting));
        CHECK(origin.starts_with("basehttpd.ini:"));
    }
}

TEST_CASE("The sample writes each default as --print-config does, with a sentence above it") {
    const std::string text = sample();
    for (const Setting& setting : settings()) {
        std::string line = '\n' + ('#' + setting.key) + " = " + default_text(setting);
        if (line.ends_with(' ')) line.pop_back();
        CAPTURE(line);
        const std::size_t section = text.find("\n[" + setting.section + "]\n");
        REQUIRE(section != text.npos);
        const std::size_t at = text.find(line + '\n', section);
        REQUIRE(at < text.find("\n[", section + 1));
        const std::size_t above = text.rfind('\n', at - 1) + 1;
        CHECK(text.substr(above, 2) == "# ");
    }
}

TEST_CASE("The examples in the sample are right, and one is a site of its own") {
    const Config config = merge_config(sample_with(';'), "basehttpd.ini").config;
    REQUIRE(config.sites.size() == 2);
    CHECK(config.sites[1].names == std::vector<std::string>{"example.org", "www.example.org"});
    CHECK(config.sites[1].root == "/srv/example.org");
    CHECK(config.sites[0].cgi.directories == std::vector<std::string>{"/cgi-bin"});
    CHECK(config.sites[0].cgi.interpreters.size() == 2);
    CHECK(config.sites[0].cgi.env.size() == 2);
    CHECK(config.sites[1].cgi.directories == std::vector<std::string>{"/scripts"});
    CHECK(config.sites[1].cgi.env.size() == 1);
    CHECK(config.tls_port == 443);
    CHECK(config.sites[0].tls.keys.size() == 1);
    CHECK(config.sites[1].tls.certificates ==
          std::vector<std::string>{"/etc/basehttpd/example.org.pem"});
    CHECK(config.sites[1].tls.keys.empty());
}

TEST_SUITE_END();
TEST_SUITE_BEGIN("settings");

TEST_CASE("Each setting has a key, an option, a placeholder and a help of its own") {
    std::set<std::string> names;
    std::set<std::string> options;
    for (const Setting& setting : settings()) {
        CAPTURE(setting.name());
        CHECK(names.insert(setting.name()).second);
        CHECK(options.insert(setting.option()).second);
        CHECK_FALSE(setting.placeholder.empty());
        CHECK_FALSE(setting.help.empty());
        CHECK_FALSE(setting.help.ends_with('.'));
        CHECK(find_setting(setting.section, setting.key) == &setting);
        CHECK(find_setting_of_option(setting.option()) == &setting);
    }
}

TEST_CASE("The help names every option with its default, in lines of 80 columns") {
    const std::string help = help_text();
    for (const Setting& setting : settings()) {
        CAPTURE(setting.option());
        CHECK(help.find("--" + setting.option()) != help.npos);
    }
    CHECK(help.find("  -p, --port PORT ") != help.npos);
    CHECK(help.find("(default 8000)") != help.npos);
    CHECK(help.find("\nCGI, [cgi] in the INI file:\n      --cgi  ") != help.npos);
    for (std::size_t at = 0; at < help.size(); at = help.find('\n', at) + 1) {
        CHECK(help.find('\n', at) - at <= 80);
    }
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
