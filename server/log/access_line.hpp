// The line of one request in the access log. Pure; no allocation beyond the text it appends to.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

namespace basehttp {

enum class AccessFormat : std::uint8_t { off, python, common, combined, json };

/// One more thing to tell about a request: ` name=value`, in JSON a member.
struct LogField {
    std::string_view name;  ///< A literal.
    std::string text;       ///< Written when not empty, else `number`.
    std::int64_t number = 0;
};

struct AccessRecord {
    std::string_view client;
    std::string_view request_line, host, referer, user_agent;
    int status = 0;
    std::uint64_t bytes = 0;  ///< of content
    std::chrono::microseconds duration{};
    std::span<const LogField> fields = {};
};

/// The texts of a point in time, made again only when the second changes. One thread.
class LogTime {
  public:
    void update(std::time_t now);
    std::string_view python() const { return python_; }  ///< 21/Nov/2026 09:43:00
    std::string_view common() const { return common_; }  ///< 21/Nov/2026:09:43:00 +0000
    std::string_view iso() const { return iso_; }        ///< 2026-11-21T09:43:00Z

  private:
    std::time_t now_ = -1;
    std::string python_, common_, iso_;
};

/// Appends one line with '\n'. What the client sent is escaped.
void append_access_line(std::string& out, AccessFormat format, const AccessRecord& record,
                        const LogTime& time);
/// Control characters, DEL, bytes over 126, `"` and `\` as \xHH, \" and \\.
void append_escaped(std::string& out, std::string_view text);

}  // namespace basehttp
