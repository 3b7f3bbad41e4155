// How well the answers that are kept serve.
#pragma once

#include <cstddef>
#include <cstdint>

namespace basehttp {

struct CacheCounters {
    std::uint64_t hits = 0;       ///< Requests that were answered without a handler.
    std::uint64_t misses = 0;     ///< GET and HEAD requests for which no answer was there.
    std::uint64_t stale = 0;      ///< Answers dropped because something had changed on disk.
    std::uint64_t evictions = 0;  ///< Answers dropped because there was no more room.
    std::size_t entries = 0;      ///< Paths for which answers are there.
    std::size_t bytes = 0;        ///< Memory of these.
};

}  // namespace basehttp
