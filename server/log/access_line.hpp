// The line of one request in the access log. Pure; no allocation beyond the text it appends to.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "server/api.hpp"

namespace basehttp {

/// No lines, Python's, Apache's two, or a JSON object a line; docs/operations.md shows each.
enum class AccessFormat : std::uint8_t { off, python, common, combined, json };

/// One more thing to tell about a request: ` name=value`, in JSON a member.
struct LogField {
    std::string_view name;    ///< A literal.
    std::string text;         ///< Empty: `number` is written.
    std::int64_t number = 0;  ///< Written when `text` is empty.
};

/// What a line tells. Views of the caller's texts.
struct AccessRecord {
    std::string_view client;  ///< Its host.
    ///@{
    /// As the client sent it; empty when it did not.
    std::string_view request_line, host, referer, user_agent;
    ///@}
    int status = 0;                         ///< Of the answer; client_left: it was for nobody.
    std::uint64_t bytes = 0;                ///< of content
    std::chrono::microseconds duration{};   ///< From the whole head to the last byte sent.
    std::span<const LogField> fields = {};  ///< At the end of the line.
};

/// The texts of a point in time, made again only when the second changes. One thread.
class BASEHTTP_API LogTime {
  public:
    /// To `now`, in seconds since 1970. The first two are local time, the last one is UTC.
    void update(std::time_t now);
    std::string_view python() const { return python_; }  ///< 21/Nov/2026 09:43:00
    std::string_view common() const { return common_; }  ///< 21/Nov/2026:09:43:00 +0000
    std::string_view iso() const { return iso_; }        ///< 2026-11-21T09:43:00Z

  private:
    std::time_t now_ = -1;
    std::string python_, common_, iso_;
};

/// Appends one line with its newline. What the client sent is escaped.
BASEHTTP_API void append_access_line(std::string& out, AccessFormat format,
                                     const AccessRecord& record, const LogTime& time);
/// Appends text: control characters and bytes over 126 in hexadecimal (a backslash, x and two
/// digits), quotes and backslashes after a backslash.
BASEHTTP_API void append_escaped(std::string& out, std::string_view text);

}  // namespace basehttp
