#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/config_print.hpp"
#include "config/config_reader.hpp"

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

bool is_one_line(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    }
    return true;
}

}  // namespace

// A text is refused with one line that begins with its name, or printing what it says gives a text
// that says the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    basehttp::Parsed parsed;
    try {
        parsed = basehttp::merge_config(text, "fuzz.ini");
    } catch (const basehttp::ConfigError& error) {
        const std::string_view line(error.what());
        check(line.starts_with("fuzz.ini:") && line[9] >= '1' && line[9] <= '9');
        check(is_one_line(line));
        return 0;
    }
    const std::string printed = basehttp::print_config(parsed.config, parsed.provenance);
    const basehttp::Parsed again = basehttp::merge_config(printed, "printed.ini");
    check(again.config == parsed.config);
    return 0;
}
