// The lines of an INI text: which are comments, which sections, which settings, and how a value is
// quoted. Knows no key; ini_text.hpp reads those. Pure but for ConfigError on the first bad line.
//
// A line is blank, a comment ('#' or ';' first), "[section]", "[site NAME...]", "[cgi NAME...]",
// "[cgi.env NAME...]", "[tls NAME...]" or "key = value".
// '#' after a blank begins a comment too. A value between double quotes keeps blanks and '#'; in
// it \" is a quote and \\ a backslash.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

struct IniSection {
    std::string name;                ///< First word: "site".
    std::vector<std::string> names;  ///< The words after it, lower case.
    unsigned line;                   ///< From 1.
    /// With names: the [site NAME...] that it sets, itself or those that its names belong to, as
    /// indexes into ScannedIni::sections.
    std::set<std::size_t> sites = {};
};

/// The variables of the environment of scripts: its keys are their names. [cgi] has all else.
inline constexpr std::string_view kEnvSection = "cgi.env";

/// Where the n-th "key = value" line stands.
struct IniPlace {
    std::size_t section;  ///< Index into sections.
    unsigned line;        ///< From 1.
};

struct ScannedIni {
    std::vector<IniSection> sections;
    std::vector<IniPlace> places;
    /// The settings alone for Boost.Program_options, which takes every '#' for a comment: each '#'
    /// of a value is hidden as kHiddenHash, and section lines hold the first word only.
    std::string plain;
};

inline constexpr char kHiddenHash = '\x01';  ///< Cannot come from the text: it is refused there.

/// Throws ConfigError "FILE:LINE: ..." for a line that is none of the above, an unknown section, a
/// bad, doubled or unknown site name, or a key before the first section.
ScannedIni scan_ini(std::string_view text, std::string_view file);

/// The value that a trimmed text stands for. No value: a closing quote is missing or not last.
std::optional<std::string> unquoted_value(std::string_view text);

/// The reverse: quotes where the plain text would be read as something else.
std::string quoted_value(std::string_view value);

}  // namespace basehttp
