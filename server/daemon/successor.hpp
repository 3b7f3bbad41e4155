// An upgrade: the running program starts its newer version and hands over what it listens on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/fd.hpp"
#include "server/tcp_server.hpp"

namespace basehttp {

/// What the older program left to this one.
struct Inheritance {
    std::vector<std::pair<std::string, Fd>> sockets;  ///< ListeningSocket::name, socket
    Fd ready;  ///< A byte written here: we serve. Closed without it: we do not.
    /// pidfds of the older programs, which may still have to finish what they have begun.
    std::vector<Fd> older;

    /// Whether there was an older program.
    explicit operator bool() const { return static_cast<bool>(ready); }
};

/// Takes it from the environment, and leaves no trace there; what is no inheritance stays and is
/// refused with other unknown variables. After an upgrade it goes on in a child
/// whose parent has ended: whoever looks after orphans is its parent from then on, as the older
/// program is not to be. Once, before threads and before the settings are read.
Inheritance take_inheritance();

/// The program that takes over, while it starts.
struct Successor {
    int pid = -1;
    Fd handle;  ///< pidfd: it is not our child.
    Fd ready;   ///< The other end of Inheritance::ready.
};

/// Starts `program` with the arguments and environment of this one. It gets the sockets, the three
/// standard descriptors, and pidfds of this process and of those of `older` that live, nothing
/// else. For these milliseconds we are no subreaper, and orphans of scripts are not ours. Throws
/// std::runtime_error.
Successor start_successor(const std::string& program, const char* const* argv,
                          const ListeningSockets& sockets, const std::vector<Fd>& older);

/// To the process of a pidfd; nothing if it has ended.
void signal_process(const Fd& pidfd, int number);
bool has_ended(const Fd& pidfd);

/// The file that this process runs, for the next start_successor(): by the path that it was called
/// by (argv[0]), if that has directories. At start: a new version may take the name later. Empty:
/// not known.
std::string own_program(const char* called);

}  // namespace basehttp
