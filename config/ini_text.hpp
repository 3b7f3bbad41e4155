// The settings that an INI text makes, each with its line, read by Boost.Program_options and
// checked against the table: the keys are known and stand once. Values are not looked at here.
// ".EXT = PROGRAM" in [cgi] becomes its key interpreter, "NAME = VALUE" in [cgi.env] its key env.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/ini_scan.hpp"
#include "config/settings.hpp"

namespace basehttp {

struct IniEntry {
    const Setting* setting;  ///< A row of settings(); never null.
    std::string value;       ///< Without quotes and blanks around it.
    std::size_t section;     ///< Index into IniText::sections.
    unsigned line;           ///< From 1.
};

struct IniText {
    std::vector<IniSection> sections;
    std::vector<IniEntry> entries;  ///< In the order of the text.
};

/// `file` is for messages only; nothing is opened. Throws ConfigError "FILE:LINE: ...".
IniText read_ini(std::string_view text, std::string_view file);

}  // namespace basehttp
