// Who the daemon is: what it gives up at start, and for good.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "config/config_reader.hpp"

namespace basehttp {

/// Who server.user and server.group name.
struct Identity {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;  ///< all of them, `group` included
    std::string text;           ///< "user www-data (33), group www-data (33)"
};

/// nullopt: no user is named. Reads the system's lists of users, changes nothing. Throws
/// ConfigError that blames the line of a name which nobody has, of a user whom we cannot become, or
/// of a group without user.
std::optional<Identity> find_identity(const Parsed& parsed);

/// For all threads to come, so before the first; but after become_subreaper(). Sets no_new_privs if
/// the settings say so, and sees to it that no program which we start has a capability of ours. Who
/// will be another user loses what could be gained again (the bounding set).
void limit_privileges(const Config& config, const std::optional<Identity>& identity);

/// Makes the log files that do not exist yet, as the user's own, so that they can be opened again
/// after the change. Nothing unless we are root and will be somebody else. Before make_log().
void make_log_files(const Config& config, const std::optional<Identity>& identity);

/// This thread, and those that it starts, open files as the identity from now on: a link that the
/// user put in the place of a log leads nowhere that it may not go. Nothing unless we are root and
/// will be somebody else. Throws std::system_error when the system refuses.
void act_as(const std::optional<Identity>& identity);

/// Root becomes the identity, in all threads, for good; without an identity, or as whom it names,
/// nothing changes; nobody but root can look into our memory then. After sockets, logs and keys are
/// open. Throws ConfigError when the system refuses, or when what the settings name cannot be used
/// by that user.
void drop_privileges(const Parsed& parsed, const std::optional<Identity>& identity);

/// "no new privileges; user www-data (33), group www-data (33)": what holds now, for the log.
std::string describe_privileges(const std::optional<Identity>& identity);

/// Warnings for the log, once we are who we stay: we are root and nobody asked for that; a key
/// that only root can read makes a reload fail.
std::vector<std::string> privilege_warnings(const Parsed& parsed);

}  // namespace basehttp
