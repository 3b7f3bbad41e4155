#include "handlers/http/preconditions.hpp"

#include "handlers/http/etag.hpp"
#include "server/http_date.hpp"

namespace basehttp {
namespace {

// Step 1, and step 2 when there is no If-Match.
bool is_still_expected(const PreconditionFields& fields, const Validators& current) {
    if (fields.if_match) return etag_list_matches(*fields.if_match, current.etag, true);
    if (!fields.if_unmodified_since || !current.last_modified) return true;
    const auto date = parse_http_date(*fields.if_unmodified_since);
    return !date || *current.last_modified <= *date;
}

// Step 3, and step 4 when there is no If-None-Match.
bool is_new_to_client(const PreconditionFields& fields, const Validators& current,
                      bool is_get_or_head) {
    if (fields.if_none_match) return !etag_list_matches(*fields.if_none_match, current.etag, false);
    if (!fields.if_modified_since || !current.last_modified || !is_get_or_head) return true;
    const auto date = parse_http_date(*fields.if_modified_since);
    return !date || *current.last_modified > *date;
}

}  // namespace

PreconditionResult evaluate_preconditions(const PreconditionFields& fields,
                                          const Validators& current, bool is_get_or_head) {
    if (!is_still_expected(fields, current)) return PreconditionResult::failed;
    if (is_new_to_client(fields, current, is_get_or_head)) return PreconditionResult::proceed;
    return is_get_or_head ? PreconditionResult::not_modified : PreconditionResult::failed;
}

bool range_applies(const PreconditionFields& fields, const Validators& current, std::time_t now) {
    if (!fields.if_range) return true;
    const std::string_view value = *fields.if_range;
    if (value.starts_with('"')) return etag_strong_equal(value, current.etag);
    const auto date = parse_http_date(value, now);  // fails for a weak tag: that never matches
    return date && date == current.last_modified && *date < now;
}

}  // namespace basehttp
