// The texts of a point in time that lines of the access log have.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "server/api.hpp"

namespace basehttp {

/// The texts of a point in time, made again only when the second changes. One thread.
class BASEHTTP_API LogTime {
  public:
    /// To `now`, in seconds since 1970. The first two texts are local time, the last one is UTC.
    void update(std::time_t now);
    std::string_view python() const { return python_; }  ///< 21/Nov/2026 09:43:00
    std::string_view common() const { return common_; }  ///< 21/Nov/2026:09:43:00 +0000
    std::string_view iso() const { return iso_; }        ///< 2026-11-21T09:43:00Z
    /// " - - [21/Nov/2026:09:43:00 +0000] ", what stands after the client in a line.
    std::string_view common_in_line() const { return common_in_line_; }
    std::time_t seconds() const { return now_; }  ///< Since 1970.

    /// Appends local time in a format of strftime(3), English whatever the locale is. What would be
    /// longer than 127 bytes is nothing. No allocation.
    void append(std::string& out, const std::string& format) const;

  private:
    std::time_t now_ = -1;
    std::tm local_{};
    std::string python_, common_, common_in_line_, iso_;
};

}  // namespace basehttp
