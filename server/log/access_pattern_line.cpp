// One line of the access log by an AccessPattern.
#include <unistd.h>

#include <algorithm>

#include "server/append_number.hpp"
#include "server/http1/request_head.hpp"
#include "server/log/access_pattern.hpp"

namespace basehttp {
namespace {

using Part = AccessPattern::Part;

/// What the client sent, or '-' for nothing.
void append_text(std::string& out, std::string_view text) {
    if (text.empty())
        out += '-';
    else
        append_escaped(out, text);
}

/// All fields of that name, joined as RFC 9110 section 5.2 does.
void append_field(std::string& out, const RequestHead* head, std::string_view name) {
    bool found = false;
    if (head != nullptr)
        for (const HeaderField& field : head->fields) {
            if (!equals_lower(field.name, name)) continue;
            if (found) out += ", ";
            found = true;
            append_escaped(out, field.value);
        }
    if (!found) out += '-';
}

void append_note(std::string& out, std::span<const LogField> fields, std::string_view name) {
    const auto note = std::find_if(fields.begin(), fields.end(),
                                   [&](const LogField& field) { return field.name == name; });
    if (note == fields.end())
        out += '-';
    else if (!note->text.empty())
        append_escaped(out, note->text);
    else
        out += std::to_string(note->number);
}

void append_time(std::string& out, const std::string& format, const LogTime& time) {
    if (format.empty())
        out.append("[").append(time.common()).append("]");
    else
        time.append(out, format);
}

void append_duration(std::string& out, Part unit, std::chrono::microseconds duration) {
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
    append_number(out, unit == Part::microseconds   ? count
                       : unit == Part::milliseconds ? count / 1000
                                                    : count / 1'000'000);
}

/// Parts of the request line. `head` may be missing.
void append_part_of_request(std::string& out, Part part, const RequestHead* head) {
    if (head == nullptr) return append_text(out, {});
    const std::string_view target = head->raw_target;
    const std::size_t question = std::min(target.find('?'), target.size());
    if (part == Part::protocol) append_text(out, head->version);
    if (part == Part::method) append_text(out, head->method);
    if (part == Part::path) append_text(out, target.substr(0, question));
    if (part == Part::query) append_escaped(out, target.substr(question));
}

/// getpid(2) is a system call.
std::uint64_t own_pid() {
    static const auto pid = static_cast<std::uint64_t>(::getpid());
    return pid;
}

void append_step(std::string& out, const AccessPattern::Step& step, const AccessRecord& r,
                 const LogTime& time) {
    switch (step.part) {
        case Part::literal:
            out += step.text;
            break;
        case Part::client:
            append_text(out, r.client);
            break;
        case Part::dash:
            out += '-';
            break;
        case Part::time:
            append_time(out, step.text, time);
            break;
        case Part::seconds:
            append_number(out, static_cast<std::uint64_t>(time.seconds()));
            break;
        case Part::request_line:
            append_text(out, r.request_line);
            break;
        case Part::status:
            append_number(out, static_cast<std::uint64_t>(r.status));
            break;
        case Part::bytes_or_dash:
        case Part::bytes:
            if (r.bytes == 0 && step.part == Part::bytes_or_dash)
                out += '-';
            else
                append_number(out, r.bytes);
            break;
        case Part::microseconds:
        case Part::milliseconds:
        case Part::whole_seconds:
            append_duration(out, step.part, r.duration);
            break;
        case Part::field:
            append_field(out, r.head, step.text);
            break;
        case Part::protocol:
        case Part::method:
        case Part::path:
        case Part::query:
            append_part_of_request(out, step.part, r.head);
            break;
        case Part::site:
            append_text(out, r.site);
            break;
        case Part::host:
            append_text(out, r.host);
            break;
        case Part::process:
            append_number(out, own_pid());
            break;
        case Part::connection:
            out += r.connection;
            break;
        case Part::id:
            append_text(out, r.id);
            break;
        case Part::note:
            append_note(out, r.fields, step.text);
            break;
    }
}

}  // namespace

void append_access_line(std::string& out, const AccessPattern& pattern, const AccessRecord& record,
                        const LogTime& time) {
    for (const AccessPattern::Step& step : pattern.steps) append_step(out, step, record, time);
    out += '\n';
}

}  // namespace basehttp
