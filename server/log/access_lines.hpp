// The access lines of one thread, gathered until it is worth to wake the log's thread.
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <string>

#include "server/log/log.hpp"

namespace basehttp {

/// One thread. Neither locks nor allocates for a line.
class AccessLines {
  public:
    /// Whether `log` has lines of requests. Takes note of what was changed in it: lines in the old
    /// format then go where they were to go.
    bool follow(Log& log);
    /// Only when follow() says so; `now` in seconds since 1970.
    void add(const AccessRecord& record, std::time_t now);
    /// Whether lines tell AccessRecord::site.
    bool names_site() const { return access_->names_site; }
    /// Hands over what was gathered.
    void flush(Log& log);
    std::size_t size() const { return lines_.size(); }  ///< Bytes gathered.

  private:
    std::uint64_t generation_ = 0;  // that of no log
    std::shared_ptr<const AccessLog> access_;
    LogTime time_;
    std::string lines_;
};

}  // namespace basehttp
