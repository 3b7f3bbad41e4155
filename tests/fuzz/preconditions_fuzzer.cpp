#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/http/accept.hpp"
#include "handlers/http/etag.hpp"
#include "handlers/http/preconditions.hpp"

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    return line;
}

std::optional<std::string_view> take_field(std::string_view& text) {
    const std::string_view line = take_line(text);
    if (line.empty()) return std::nullopt;
    return line;
}

void check_negotiation(std::string_view value) {
    const unsigned codings = basehttp::accepted_codings(value);
    check(codings < 16);
    check(codings == basehttp::accepted_codings(std::string(value) + ","));
    check(!basehttp::prefers_json(value) || value.size() >= 16);
}

}  // namespace

// A line for each field; an empty one means that it is absent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using basehttp::PreconditionResult;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    basehttp::PreconditionFields fields;
    fields.if_match = take_field(text);
    fields.if_unmodified_since = take_field(text);
    fields.if_none_match = take_field(text);
    fields.if_modified_since = take_field(text);
    fields.if_range = take_field(text);
    const basehttp::Validators current{"\"a-1\"", 784111777};

    const auto get = basehttp::evaluate_preconditions(fields, current, true);
    const auto put = basehttp::evaluate_preconditions(fields, current, false);
    check(put != PreconditionResult::not_modified);
    check(get != PreconditionResult::failed || put == PreconditionResult::failed);
    if (!fields.if_match && !fields.if_unmodified_since) check(get != PreconditionResult::failed);
    if (!fields.if_none_match && !fields.if_modified_since) {
        check(get != PreconditionResult::not_modified && get == put);
    }
    if (!fields.if_range) check(basehttp::range_applies(fields, current, 784111778));
    check(!fields.if_range || !basehttp::range_applies(fields, {{}, {}}, 784111778));
    if (fields.if_match && basehttp::etag_list_matches(*fields.if_match, current.etag, true)) {
        check(basehttp::etag_list_matches(*fields.if_match, current.etag, false));
    }
    check_negotiation(take_line(text));
    return 0;
}
