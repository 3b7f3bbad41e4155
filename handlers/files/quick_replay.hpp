// Answers that a loop makes by itself for what its cache does not have.
#pragma once

#include <memory>

#include "handlers/files/static_site.hpp"
#include "server/exchange/replay.hpp"

namespace basehttp {

/// What a SimpleHTTPRequestHandler would offer for this GET or HEAD, made without waiting: from
/// look-ups that the kernel has cached and content that is in memory (openat2 with RESOLVE_CACHED,
/// preadv2 with RWF_NOWAIT). nullptr: a handler has to do it, because something may block, is no
/// small file, or has to be compressed. Any thread.
std::shared_ptr<const Replay> make_quick_replay(const std::shared_ptr<const StaticSite>& site,
                                                const RequestHead& head);

}  // namespace basehttp
