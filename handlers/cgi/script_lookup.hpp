// From a URL path to the script that answers it (RFC 3875 section 3.3).
#pragma once

#include <string>
#include <string_view>

#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/files/static_site.hpp"

namespace basehttp {

/// What a path stands for, as far as scripts go.
struct ScriptTarget {
    enum class Kind : std::uint8_t {
        none,    ///< no script: for the static code
        script,  ///< run it
        error    ///< in a place of scripts, but not to be run or shown
    };
    Kind kind = Kind::none;
    int status = 0;           ///< error: 403, 404, 500 or 503
    std::string path;         ///< of the script below the root, a regular file: SCRIPT_NAME
    std::string path_info;    ///< what follows it in the URL path, decoded; or empty
    std::string interpreter;  ///< program for the script; empty: the file is the program

    /// Whether it speaks HTTP by itself (RFC 3875 section 5): its name begins with "nph-".
    bool is_nph() const;
};

/// `path` is decoded and normalised (url_path.hpp). Splits it at the first segment that is a file.
/// In a directory for scripts everything is a script or an error; elsewhere a file with an
/// interpreter is a script. May wait for a disk.
ScriptTarget find_script(const StaticSite& site, const CgiSettings& cgi, const std::string& path);

/// Whether `path` is one of the directories for scripts, or below one.
bool is_in_cgi_directory(std::string_view path, const CgiSettings& cgi);

}  // namespace basehttp
