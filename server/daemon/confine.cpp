#include "server/daemon/confine.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "handlers/process/spawner.hpp"
#include "server/daemon/make_sites.hpp"

namespace basehttp {
namespace {

using namespace landlock;

/// Inherited from who started us: nobody else denies a look at "/".
bool is_confined() {
    const Fd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return !root && errno == EACCES;
}

/// Whether Landlock, and not its mode, denies a look into a directory that we need to read.
bool is_denied(const Place& place) {
    if ((place.rights & read_directory) == 0 || ::access(place.path.c_str(), R_OK) != 0)
        return false;
    const Fd directory(::open(place.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return !directory && errno == EACCES;
}

std::string key_of(const std::string& setting) { return setting.substr(setting.find('.') + 1); }

std::string refusal(const Parsed& parsed, const Place& place, const std::string& by_whom) {
    return blame(parsed.provenance, place.site, place.setting, place.value) + ": " +
           key_of(place.setting) + ' ' + quoted(place.value) + " is outside of what " + by_whom +
           " confined itself to at start; restart it, or set landlock = off and restart it";
}

[[noreturn]] void refuse_scripts(const std::string& by_whom) {
    refuse("basehttpd", "a site has scripts now, and " + by_whom +
                            " confined itself at start without any; restart it");
}

/// Against what holds already.
void check_inherited(const Parsed& parsed, const std::vector<Place>& places) {
    const std::string older = "the server before the upgrade";
    for (const Place& place : places)
        if (!place.setting.empty() && is_denied(place))
            throw ConfigError(refusal(parsed, place, older));
    if (has_scripts(parsed.config)) refuse_scripts(older);
}

/// "2 roots, 1 log directory"
std::string count_kinds(const std::vector<Place>& places) {
    std::map<std::string, std::set<std::string>> paths;
    std::vector<std::string> kinds;  // in the order in which they come
    for (const Place& place : places) {
        const std::string kind = place.kind;
        if (kind.empty()) continue;
        if (paths[kind].empty()) kinds.push_back(kind);
        paths[kind].insert(place.path);
    }
    std::string text;
    for (const std::string& kind : kinds) {
        const std::size_t count = paths[kind].size();
        std::string many = kind;
        if (count > 1 && many.ends_with('y'))
            many.replace(many.size() - 1, 1, "ies");
        else if (count > 1)
            many += 's';
        text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + many;
    }
    return text;
}

/// Empty: Landlock can be used.
std::string why_not(const Config& config) {
    if (!config.landlock) return "landlock = off";
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return "landlock needs no_new_privileges = on";
    return landlock::abi() > 0 ? "" : "this kernel has no Landlock";
}

}  // namespace

Confinement::Confinement(const Parsed& parsed, bool upgrade)
    : scripts_(has_scripts(parsed.config)) {
    const std::string reason = why_not(parsed.config);
    description_ = "Not confined: " + reason;
    const std::vector<Place> places = places_of(parsed.config, parsed.config_file);
    if (upgrade && is_confined()) check_inherited(parsed, places);
    if (!reason.empty()) return;
    ruleset_.emplace(landlock::abi(), LandlockRuleset::Denied{connect_tcp, 0});
    for (const Place& place : places) hold(place);
    for (const Place& place : places_of_program()) hold(place);
    description_ = "Confined by Landlock ABI " + std::to_string(landlock::abi()) + " to " +
                   count_kinds(places);
    if (scripts_) description_ += ", but not its scripts";
    if (landlock::abi() < 3) description_ += " (this kernel cannot keep files from being emptied)";
}

void Confinement::hold(const Place& place) {
    struct stat info {};
    if (::stat(place.path.c_str(), &info) != 0 || !ruleset_->allow(place.path, place.rights))
        return;
    held_.push_back({info.st_dev, info.st_ino, place.rights});
}

bool Confinement::confine_thread() const noexcept {
    try {
        if (ruleset_) ruleset_->enter();
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

void Confinement::enter() {
    if (!ruleset_) return;
    if (scripts_) start_spawner();
    if (confine_thread()) return;
    description_ = is_confined()
                       ? "Confined as the server before the upgrade was"
                       : "Not confined: Landlock: " + std::generic_category().message(errno);
}

/// As the kernel decides: by what the directories above have been given, whatever their names.
bool Confinement::covers(const Place& place) const {
    std::uint64_t missing = place.rights;
    Fd at(::open(place.path.c_str(), O_PATH | O_CLOEXEC));
    struct stat info {};
    if (!at || ::fstat(at.get(), &info) != 0) return true;  // others tell that it is not there
    if (!S_ISDIR(info.st_mode)) missing &= ~(read_directory | make_regular | remove_file);
    std::string path = place.path;
    for (struct stat below{}; below.st_dev != info.st_dev || below.st_ino != info.st_ino;) {
        for (const Held& held : held_)
            if (held.device == info.st_dev && held.inode == info.st_ino) missing &= ~held.rights;
        if (missing == 0) return true;
        below = info;
        if (!S_ISDIR(info.st_mode)) return false;
        at.reset(::openat(at.get(), "..", O_PATH | O_CLOEXEC));
        if (!at || ::fstat(at.get(), &info) != 0) return false;
    }
    return false;
}

void Confinement::check(const Parsed& parsed) const {
    if (!ruleset_) return;
    for (const Place& place : places_of(parsed.config, parsed.config_file))
        if (!place.setting.empty() && !covers(place))
            throw ConfigError(refusal(parsed, place, "this server"));
    if (has_scripts(parsed.config) && !scripts_) refuse_scripts("this server");
}

}  // namespace basehttp
