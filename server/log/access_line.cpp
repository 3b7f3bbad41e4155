#include "server/log/access_line.hpp"

#include <algorithm>

#include "server/append_number.hpp"

using namespace std::string_view_literals;

namespace basehttp {
namespace {

constexpr bool is_plain(char c) { return (c >= ' ') & (c < 0x7f) & (c != '"') & (c != '\\'); }

void append_json_text(std::string& out, std::string_view key, std::string_view value) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out.append(",\"").append(key).append("\":\"");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain(c)) {
            out += c;
        } else if (c == '"' || c == '\\') {
            out.append(1, '\\').append(1, c);
        } else {
            out.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
        }
    }
    out += '"';
}

void append_json_line(std::string& out, const AccessRecord& r, const LogTime& time) {
    out.append("{\"time\":\"").append(time.iso()).append("\"");
    append_json_text(out, "client", r.client);
    append_json_text(out, "request", r.request_line);
    append_json_text(out, "host", r.host);
    out.append(",\"status\":");
    append_number(out, static_cast<std::uint64_t>(r.status));
    out.append(",\"bytes\":");
    append_number(out, r.bytes);
    out.append(",\"duration_us\":");
    append_number(out, static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.duration.count())));
    append_json_text(out, "referer", r.referer);
    append_json_text(out, "user_agent", r.user_agent);
    if (!r.id.empty()) append_json_text(out, "id", r.id);
    for (const LogField& field : r.fields) {
        if (field.text.empty())
            out.append(",\"").append(field.name).append("\":").append(std::to_string(field.number));
        else
            append_json_text(out, field.name, field.text);
    }
    out.append("}\n");
}

void append_quoted(std::string& out, std::string_view text) {
    if (text.empty()) {
        out.append(" \"-\""sv);
        return;
    }
    out.append(" \""sv);
    append_escaped(out, text);
    out += '"';
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    // Without a branch in the loop, so that the compiler takes 16 characters at a time.
    unsigned char odd_ones = 0;
    for (const char c : text) odd_ones |= static_cast<unsigned char>(!is_plain(c));
    if (odd_ones == 0) {
        out.append(text);
        return;
    }
    while (!text.empty()) {
        const auto odd = std::find_if_not(text.begin(), text.end(), is_plain);
        out.append(text.begin(), odd);
        text.remove_prefix(static_cast<std::size_t>(odd - text.begin()));
        if (text.empty()) return;
        const auto byte = static_cast<unsigned char>(text.front());
        if (byte == '"' || byte == '\\')
            out.append(1, '\\').append(1, text.front());
        else
            out.append("\\x").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
        text.remove_prefix(1);
    }
}

void append_access_line(std::string& out, AccessFormat format, const AccessRecord& r,
                        const LogTime& time) {
    if (format == AccessFormat::off || format == AccessFormat::pattern) return;
    if (format == AccessFormat::json) return append_json_line(out, r, time);
    const bool python = format == AccessFormat::python;
    out.append(r.client.empty() ? "-"sv : r.client);
    if (python)
        out.append(" - - ["sv).append(time.python()).append("] "sv);
    else
        out.append(time.common_in_line());
    out += '"';
    append_escaped(out, r.request_line);
    out.append("\" "sv);
    append_number(out, static_cast<std::uint64_t>(r.status));
    out += ' ';
    if (python || (r.bytes == 0 && format == AccessFormat::common))
        out += '-';
    else
        append_number(out, r.bytes);
    if (format == AccessFormat::combined) {
        append_quoted(out, r.referer);
        append_quoted(out, r.user_agent);
    }
    if (!r.id.empty()) append_escaped(out.append(" id="), r.id);
    for (const LogField& field : r.fields) {
        out.append(1, ' ').append(field.name).append(1, '=');
        if (field.text.empty())
            out.append(std::to_string(field.number));
        else
            append_escaped(out, field.text);
    }
    out += '\n';
}

}  // namespace basehttp
