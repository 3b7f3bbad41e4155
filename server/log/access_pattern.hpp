// Lines of the access log in a format of the operator's own, by Apache's directives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/api.hpp"
#include "server/log/access_line.hpp"

namespace basehttp {

/// A format text such as `%h %t "%r" %>s %b`, taken apart once. Immutable; any thread.
struct AccessPattern {
    /// What a line is put together from.
    enum class Part : std::uint8_t {
        literal,        ///< text
        client,         ///< %h, %a
        dash,           ///< %l, %u: who the client is, which nobody knows
        time,           ///< %t; with text by strftime(3)
        seconds,        ///< %{sec}t: since 1970
        request_line,   ///< %r
        status,         ///< %s, %>s
        bytes_or_dash,  ///< %b
        bytes,          ///< %B
        microseconds,   ///< %D, %{us}T
        milliseconds,   ///< %{ms}T
        whole_seconds,  ///< %T, %{s}T
        field,          ///< %{Name}i: of the request, any case
        protocol,       ///< %H
        method,         ///< %m
        path,           ///< %U: as sent, without the query
        query,          ///< %q: with its '?', or nothing
        site,           ///< %v: its name
        host,           ///< %V: as the client sent it
        process,        ///< %P: our process id
        connection,     ///< %X: AccessRecord::connection
        id,             ///< %L: of the request
        note            ///< %{name}n: the LogField of that name, such as script_exit
    };
    struct Step {
        Part part = Part::literal;
        std::string text;  ///< For literal, time, field (in lower case) and note.
    };
    std::vector<Step> steps;

    /// Whether a line tells AccessRecord::site.
    bool names_site() const;
};

/// What parse_access_pattern() says.
struct AccessPatternResult {
    AccessPattern pattern;
    std::string error;  ///< Empty: all is well. Else what is wrong, for the operator.
};

/// Takes a format text apart. Besides directives it may have \t, \" and \\; its line ends by
/// itself.
BASEHTTP_API AccessPatternResult parse_access_pattern(std::string_view text);

/// Appends one line with its newline. What the client sent is escaped; what is not known is a '-'.
/// No allocation beyond the text that it appends to.
BASEHTTP_API void append_access_line(std::string& out, const AccessPattern& pattern,
                                     const AccessRecord& record, const LogTime& time);

}  // namespace basehttp
