// Which files are scripts, and which are leftovers of scripts whose source must not be shown. Pure
// text; letters' case never matters.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basehttp {

/// An extension in lower case with its dot, and the program for it (CgiSettings::interpreters).
using Interpreters = std::vector<std::pair<std::string, std::string>>;

/// The program that runs the file at `path`, by its extension; "" if none. Of several extensions
/// that fit (".php" and ".inc.php") the longest. A name that is only an extension, ".php", has
/// none.
std::string_view interpreter_for(std::string_view path, const Interpreters& interpreters);

/// A file name (no '/') as editors, package managers and people give it to a copy of another file:
/// "a.py~", "#a.py#", ".#a.py", "a.py.bak", ".a.py.swp", "a.py.dpkg-old", "a.py.1~".
bool is_backup_name(std::string_view file_name);

/// Whether `path` is such a copy of a file that has an interpreter: "/index.php~" and
/// "/.index.php.swp" are with ".php", "/notes.txt.bak" is not.
bool is_backup_of_script(std::string_view path, const Interpreters& interpreters);

}  // namespace basehttp
