// The line of one request in the access log. Pure; no allocation beyond the text it appends to.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/log/log_time.hpp"

namespace basehttp {

struct RequestHead;

/// No lines, Python's, Apache's two, a JSON object a line, or by an AccessPattern;
/// docs/operations.md shows each.
enum class AccessFormat : std::uint8_t { off, python, common, combined, json, pattern };

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
    std::string_view id = {};               ///< Of the request, before them; empty: it has none.

    // For patterns only.
    const RequestHead* head = nullptr;  ///< The whole of it.
    std::string_view site = {};         ///< Name of the site; empty: the default one.
    /// What became of the connection: '+' stays open, '-' closes, 'X' broke before the answer was
    /// complete.
    char connection = '-';
};

/// Appends one line with its newline, in a format that is no pattern. What the client sent is
/// escaped.
BASEHTTP_API void append_access_line(std::string& out, AccessFormat format,
                                     const AccessRecord& record, const LogTime& time);
/// Appends text: control characters and bytes over 126 in hexadecimal (a backslash, x and two
/// digits), quotes and backslashes after a backslash.
BASEHTTP_API void append_escaped(std::string& out, std::string_view text);

}  // namespace basehttp
