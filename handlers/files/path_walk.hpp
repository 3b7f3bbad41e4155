#pragma once

#include <string_view>

#include "server/fd.hpp"

namespace basehttp {

/// Opens `path`, relative to the directory `root` and never outside it, without openat2: one
/// openat(O_PATH | O_NOFOLLOW) per segment, relative symbolic links resolved by hand (40 at most),
/// ".." in them answered from the directories passed on the way, so that a directory moved
/// elsewhere meanwhile does not lead out. `flags` as for open(); with O_PATH nothing is opened for
/// reading. Otherwise only regular files and directories are.
///
/// An absolute link counts as relative to the root when it begins with `root_path`, the root's own
/// absolute path without links; an empty `root_path` means that none does.
///
/// Errors come as from openat2 with RESOLVE_BENEATH: empty and errno, EXDEV for a way out of the
/// root, ELOOP for too many links. Any thread; blocks. Holds a descriptor for each level of depth.
Fd open_beneath_by_walk(int root, std::string_view root_path, std::string_view path, int flags);

}  // namespace basehttp
