#pragma once

#include <ctime>
#include <optional>
#include <string_view>

// Conditional requests (RFC 9110 section 13). Pure functions of the request's fields and the
// selected representation, which must exist.
namespace basehttp {

// Field values; several lines of one name joined with ", ". The views are not kept.
struct PreconditionFields {
    std::optional<std::string_view> if_match;
    std::optional<std::string_view> if_unmodified_since;
    std::optional<std::string_view> if_none_match;
    std::optional<std::string_view> if_modified_since;
    std::optional<std::string_view> if_range;
};

struct Validators {
    std::string_view etag;  // with quotes; empty for none
    std::optional<std::time_t> last_modified;
};

enum class PreconditionResult {
    proceed,
    not_modified,  // 304
    failed         // 412
};

// In the order of section 13.2.2. If-Range is not looked at. Invalid dates are ignored; so are
// dates when there is no last_modified.
PreconditionResult evaluate_preconditions(const PreconditionFields& fields,
                                          const Validators& current, bool is_get_or_head);

// Whether a Range field counts (section 13.1.5): true without If-Range, or when it names the
// current representation. A tag must be strong and equal; a date must be exactly last_modified, and
// that a strong validator, at least one second before `now` (section 8.8.2.2).
bool range_applies(const PreconditionFields& fields, const Validators& current, std::time_t now);

}  // namespace basehttp
