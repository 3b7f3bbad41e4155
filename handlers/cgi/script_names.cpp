#include "handlers/cgi/script_names.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

// What stands behind the last dot of a leftover.
constexpr std::string_view leftovers[] = {
    // people
    "bak", "bkp", "back", "backup", "old", "orig", "original", "save", "saved", "copy", "new",
    "prev", "tmp", "temp", "dist",
    // editors, patch, version control
    "swp", "swo", "swn", "swm", "swx", "rej", "mine", "theirs",
    // uploads that did not end
    "part", "filepart", "upload",
    // package managers
    "dpkg-old", "dpkg-new", "dpkg-dist", "dpkg-tmp", "dpkg-bak", "ucf-old", "ucf-new", "ucf-dist",
    "rpmsave", "rpmnew", "rpmorig", "pacsave", "pacnew", "pacorig"};

bool is_leftover_word(std::string_view word) {
    return std::any_of(std::begin(leftovers), std::end(leftovers),
                       [word](std::string_view each) { return equal_no_case(word, each); });
}

// "2", and "~2" of Emacs' "a.~2~".
bool is_number(std::string_view word) {
    if (word.starts_with('~')) word.remove_prefix(1);
    return !word.empty() && std::all_of(word.begin(), word.end(), is_ascii_digit);
}

std::string_view last_segment(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// Without one mark of a backup; the same text when it has none.
std::string_view without_mark(std::string_view name) {
    if (name.size() > 1 && name.ends_with('~')) return name.substr(0, name.size() - 1);
    if (name.size() > 2 && name.starts_with('#') && name.ends_with('#'))
        return name.substr(1, name.size() - 2);
    if (name.size() > 2 && name.starts_with(".#")) return name.substr(2);
    const std::size_t dot = name.rfind('.');
    if (dot != name.npos && dot > 0 && is_leftover_word(name.substr(dot + 1)))
        return name.substr(0, dot);
    return name;
}

// As without_mark(), with marks that tell a backup only behind a script's name: "a.php_old",
// "a.php-2", "a.php.1".
std::string_view without_weak_mark(std::string_view name) {
    const std::size_t separator = name.find_last_of("._-");
    if (separator == name.npos || separator == 0) return name;
    const std::string_view word = name.substr(separator + 1);
    const bool is_undo = word == "un";  // Vim's ".a.un~"
    // A copy beside a page that is compressed beforehand, which here would be of the source.
    const bool is_compressed = word == "gz" || word == "br" || word == "zst";
    const bool is_mark = is_leftover_word(word) || is_number(word) || is_undo || is_compressed;
    return is_mark ? name.substr(0, separator) : name;
}

}  // namespace

std::string_view interpreter_for(std::string_view path, const Interpreters& interpreters) {
    const std::string_view name = last_segment(path);
    std::string_view found;
    std::size_t longest = 0;
    for (const auto& [extension, program] : interpreters) {
        if (extension.size() <= longest || name.size() <= extension.size()) continue;
        if (!ends_with_no_case(name, extension)) continue;
        longest = extension.size();
        found = program;
    }
    return found;
}

bool is_backup_name(std::string_view file_name) { return without_mark(file_name) != file_name; }

bool is_backup_of_script(std::string_view path, const Interpreters& interpreters) {
    constexpr int most_marks = 8;  // a date and a time have six
    std::string_view name = last_segment(path);
    for (int marks = 0; marks < most_marks; ++marks) {
        std::string_view shorter = without_mark(name);
        if (shorter.size() == name.size()) shorter = without_weak_mark(name);
        if (shorter.size() == name.size()) return false;
        if (!interpreter_for(shorter, interpreters).empty()) return true;
        name = shorter;
    }
    return false;
}

}  // namespace basehttp
