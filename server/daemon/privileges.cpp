#include "server/daemon/privileges.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <set>
#include <system_error>

#include "config/config_check.hpp"
#include "config/config_error.hpp"
#include "handlers/process/cgroup.hpp"
#include "server/daemon/make_sites.hpp"
#include "server/fd.hpp"

namespace basehttp {
namespace {

/// A user or group that was looked up.
struct Entry {
    unsigned id = 0;
    gid_t group = 0;   ///< of a user: its own
    std::string name;  ///< empty: a number that nobody has
    bool has_group = false;
};

std::optional<unsigned> as_number(const std::string& text) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const bool all_ones = number + 1 == 0;  // which setresuid() takes for "as it is"
    if (error != std::errc() || stop != end || all_ones) return std::nullopt;
    return number;
}

std::optional<Entry> find_user(const std::string& text) {
    const auto number = as_number(text);
    // Main's thread, before there are others.
    const passwd* const found = number ? ::getpwuid(*number) : ::getpwnam(text.c_str());
    if (found != nullptr) return Entry{found->pw_uid, found->pw_gid, found->pw_name, true};
    if (number) return Entry{*number, 0, "", false};
    return std::nullopt;
}

std::optional<Entry> find_group(const std::string& text) {
    const auto number = as_number(text);
    const group* const found = number ? ::getgrgid(*number) : ::getgrnam(text.c_str());
    if (found != nullptr) return Entry{found->gr_gid, 0, found->gr_name, false};
    if (number) return Entry{*number, 0, "", false};
    return std::nullopt;
}

std::string shown(const Entry& entry) {
    const std::string number = std::to_string(entry.id);
    return entry.name.empty() ? number : entry.name + " (" + number + ")";
}

std::vector<gid_t> groups_of(const Entry& user, gid_t group) {
    if (user.name.empty()) return {group};
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(user.name.c_str(), group, groups.data(), &count) < 0)
        groups.resize(static_cast<std::size_t>(count));
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

bool is_root() { return ::geteuid() == 0; }

bool changes(const std::optional<Identity>& identity) {
    return is_root() && identity && identity->user != 0;
}

[[noreturn]] void refuse_identity(const Parsed& parsed, const char* key, const std::string& value,
                                  const std::string& why) {
    refuse(blame(parsed.provenance, 0, std::string("server.") + key, value),
           std::string(key) + ' ' + quoted(value) + ' ' + why);
}

void check_reachable(const Parsed& parsed, const Identity& wanted) {
    if (is_root()) return;
    const std::string here = "but only root can become another one, and we are started as " +
                             std::to_string(::geteuid()) + ':' + std::to_string(::getegid()) +
                             "; start as root, or leave user and group out";
    const Config& config = parsed.config;
    if (wanted.user != ::geteuid())
        refuse_identity(parsed, "user", config.user, "is named, " + here);
    if (wanted.group != ::getegid() && !config.group.empty())
        refuse_identity(parsed, "group", config.group, "is named, " + here);
}

void limit_capabilities(bool for_good) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    // Up to the last that the kernel knows. Not allowed in some containers: then their set stays.
    for (unsigned long one = 0; for_good && one < 64; ++one) ::prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
}

bool has_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return true;
    for (const auto& part : data)
        if ((part.effective | part.permitted) != 0) return true;
    return false;
}

/// Empty: done. The library asks all threads, and ends the process if not all do the same.
std::string become(const Identity& who) {
    const char* step = "setgroups";
    const bool done = ::setgroups(who.groups.size(), who.groups.data()) == 0 &&
                      (step = "setresgid", ::setresgid(who.group, who.group, who.group) == 0) &&
                      (step = "setresuid", ::setresuid(who.user, who.user, who.user) == 0);
    if (!done)
        return "cannot be taken on: " + std::string(step) + ": " +
               std::generic_category().message(errno) +
               " (that needs the capabilities CAP_SETUID and CAP_SETGID)";
    if (::setresuid(0, 0, 0) == 0 || has_capabilities())
        return "was taken on, but not for good: this system lets root's privileges come back";
    return {};
}

/// The files that TLS reads, again at each reload.
std::set<std::string> secret_files(const Config& config) {
    std::set<std::string> files;
    if (!tls_on(config) || config.tls_mode == "self-signed") return files;
    for (const SiteConfig& site : config.sites) {
        files.insert(site.tls.certificates.begin(), site.tls.certificates.end());
        files.insert(site.tls.keys.begin(), site.tls.keys.end());
        files.insert(site.tls.password_file);
    }
    files.erase("");
    return files;
}

/// Keys are in memory: no core file has them, and scripts of the same user cannot look. A change of
/// user undoes it.
void hide_memory() { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// A new file; no link on the way is followed, which the user may have made to lead root astray.
int make_file_without_links(const std::string& path) {
    open_how how{};
    how.flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    how.mode = 0640;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
}

}  // namespace

std::optional<Identity> find_identity(const Parsed& parsed) {
    const Config& config = parsed.config;
    if (config.user.empty()) {
        if (config.group.empty()) return std::nullopt;
        refuse_identity(parsed, "group", config.group, "is named without a user; name one, too");
    }
    const auto user = find_user(config.user);
    if (!user)
        refuse_identity(parsed, "user", config.user, "does not exist; add it or name another");
    if (config.group.empty() && !user->has_group)
        refuse_identity(parsed, "user", config.user,
                        "is a number that no user has, so it has no group; name one with group");
    if (user->id == 0 && !config.group.empty())
        refuse_identity(parsed, "group", config.group, "means nothing for root; leave it out");
    const auto group =
        find_group(config.group.empty() ? std::to_string(user->group) : config.group);
    if (!group)
        refuse_identity(parsed, "group", config.group, "does not exist; add it or name another");
    const Identity wanted{user->id, group->id, groups_of(*user, group->id),
                          "user " + shown(*user) + ", group " + shown(*group)};
    check_reachable(parsed, wanted);
    return wanted;
}

void limit_privileges(const Config& config, const std::optional<Identity>& identity) {
    limit_capabilities(changes(identity));
    if (config.no_new_privileges) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void make_log_files(const Config& config, const std::optional<Identity>& identity) {
    if (!changes(identity)) return;
    for (const std::string& name : {config.access_log, config.error_log}) {
        if (name == "-" || name == "off") continue;
        const Fd file(make_file_without_links(name));
        // What goes wrong here goes wrong again when the log is opened, which tells.
        if (file) static_cast<void>(!::fchown(file.get(), identity->user, identity->group));
    }
}

void act_as(const std::optional<Identity>& identity) {
    if (!changes(identity)) return;
    // The system calls, not glibc's functions, which are for all threads.
    const long grouped = ::syscall(SYS_setgroups, identity->groups.size(), identity->groups.data());
    ::setfsgid(identity->group);
    ::setfsuid(identity->user);
    // These two tell only who one was before; -1 changes nothing.
    const auto now_user = static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1)));
    const auto now_group = static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1)));
    if (grouped != 0 || now_user != identity->user || now_group != identity->group)
        throw std::system_error(EPERM, std::generic_category(),
                                "opening logs as " + identity->text);
}

void drop_privileges(const Parsed& parsed, const std::optional<Identity>& identity) {
    hide_memory();
    if (!changes(identity)) return;
    if (has_scripts(parsed.config)) ScriptCgroups::give_to(identity->user, identity->group);
    const std::string trouble = become(*identity);
    if (!trouble.empty()) refuse_identity(parsed, "user", parsed.config.user, trouble);
    hide_memory();
    try {
        check_paths(parsed.config, parsed.provenance);
    } catch (const ConfigError& error) {
        throw ConfigError(std::string(error.what()) + " (as " + identity->text + ")");
    }
}

std::string describe_privileges(const std::optional<Identity>& identity) {
    std::string text = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "no new privileges; " : "";
    if (identity) return text + identity->text;
    return text + "user " + std::to_string(::geteuid()) + ", group " + std::to_string(::getegid());
}

std::vector<std::string> privilege_warnings(const Parsed& parsed) {
    const Config& config = parsed.config;
    std::vector<std::string> warnings;
    if (is_root() && config.user.empty())
        warnings.emplace_back(
            "Serving as root, which a web server never needs: name a user in [server], such as "
            "www-data, or start as one; user = root if it must be");
    auto files = secret_files(config);
    if (!parsed.config_file.empty()) files.insert(parsed.config_file);
    for (const std::string& file : files)
        if (::access(file.c_str(), R_OK) != 0)
            warnings.push_back("'" + file + "' cannot be read by us any more (" +
                               std::generic_category().message(errno) +
                               "): a reload will fail; let our group read it");
    for (const std::string& log : {config.access_log, config.error_log})
        if (log != "-" && log != "off" && ::access(log.c_str(), W_OK) != 0)
            warnings.push_back("The log '" + log + "' cannot be opened again by us (" +
                               std::generic_category().message(errno) +
                               "): a reload and SIGUSR1 will fail; chown it to our user");
    return warnings;
}

}  // namespace basehttp
