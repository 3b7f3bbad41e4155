// What single header fields mean for framing, persistence and the choice of a representation.
#include <algorithm>
#include <limits>
#include <optional>

#include "server/http1/head_parser.hpp"

namespace basehttp::http1 {
namespace {

/// Calls `use` with each non-empty element of a comma-separated list (RFC 9110 section 5.6.1).
template <class Use>
void for_each_element(std::string_view list, Use use) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view element = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (!element.empty() && (element.front() == ' ' || element.front() == '\t'))
            element.remove_prefix(1);
        while (!element.empty() && (element.back() == ' ' || element.back() == '\t'))
            element.remove_suffix(1);
        if (!element.empty()) use(element);
    }
}

/// Digits only; saturates. nullopt for anything else: no sign, no list, no empty text.
std::optional<std::uint64_t> parse_length(std::string_view text) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (most - digit) / 10 ? most : value * 10 + digit;
    }
    return value;
}

}  // namespace

// One switch by length keeps the common unknown field to a comparison or two, and tells the
// compiler how long each comparison is.
HeadResult HeadParser::note_field(std::string_view name, std::string_view value) {
    const auto named = [name]<std::size_t N>(const char(&known)[N]) {
        unsigned difference = 0;  // a token differs from letters and "-" in more than this bit
        for (std::size_t i = 0; i + 1 < N; ++i)
            difference |= static_cast<unsigned char>((name.data()[i] | 0x20) ^ known[i]);
        return difference == 0;
    };
    switch (name.size()) {
        case 4:
            if (named("host")) {
                ++hosts_;
                host_field_ = value;
            }
            break;
        case 5:
            if (named("range")) return note_condition(head_.range, value);
            break;
        case 6:
            if (named("expect")) return note_expect(value);
            break;
        case 7:
            if (named("referer")) head_.referer = value;
            break;
        case 8:
            if (named("if-match")) return note_condition(head_.if_match, value);
            if (named("if-range")) return note_condition(head_.if_range, value);
            break;
        case 10:
            if (named("connection")) return note_connection(value);
            if (named("user-agent")) head_.user_agent = value;
            break;
        case 13:
            if (named("if-none-match")) return note_condition(head_.if_none_match, value);
            break;
        case 14:
            if (named("content-length")) return note_content_length(value);
            break;
        case 15:
            if (named("accept-encoding")) return note_once(head_.accept_encoding, value);
            break;
        case 17:
            if (named("transfer-encoding")) return note_transfer_encoding(value);
            if (named("if-modified-since")) return note_condition(head_.if_modified_since, value);
            break;
        case 19:
            if (named("if-unmodified-since"))
                return note_condition(head_.if_unmodified_since, value);
            break;
        default:
            break;
    }
    return proceed;
}

// A field that is present but empty still counts: it gets a view that is not null.
HeadResult HeadParser::note_once(std::string_view& slot, std::string_view value) {
    if (slot.data() != nullptr) head_.repeated = true;
    slot = value;
    return proceed;
}

HeadResult HeadParser::note_condition(std::string_view& slot, std::string_view value) {
    head_.conditional = true;
    return note_once(slot, value);
}

HeadResult HeadParser::note_content_length(std::string_view value) {
    if (head_.content_length) return bad("Repeated Content-Length");
    head_.content_length = parse_length(value);
    return head_.content_length ? proceed : bad("Bad Content-Length");
}

HeadResult HeadParser::note_transfer_encoding(std::string_view value) {
    if (++transfer_encodings_ > 1 || !equals_lower(value, "chunked"))
        return bad("Bad Transfer-Encoding");
    head_.chunked = true;
    return proceed;
}

HeadResult HeadParser::note_connection(std::string_view value) {
    for_each_element(value, [this](std::string_view option) {
        if (equals_lower(option, "close")) close_ = true;
        if (equals_lower(option, "keep-alive")) persist_ = true;
    });
    return proceed;
}

HeadResult HeadParser::note_expect(std::string_view value) {
    (equals_lower(value, "100-continue") ? head_.expect_continue : head_.expect_unknown) = true;
    return proceed;
}

HeadResult HeadParser::check_framing() {
    if (head_.chunked && head_.content_length) return bad("Content-Length with Transfer-Encoding");
    if (head_.chunked && head_.version_minor == 0) return bad("Transfer-Encoding in HTTP/1.0");
    head_.keep_alive = !close_ && (head_.version_minor >= 1 || persist_);
    if (head_.version_minor == 0) head_.expect_continue = head_.expect_unknown = false;
    return proceed;
}

// RFC 9112 section 3.2.2: the authority of an absolute target replaces Host, which must be valid
// all the same.
HeadResult HeadParser::check_host() {
    if (hosts_ == 0 && head_.version_minor == 0) return proceed;
    if (hosts_ == 0) return bad("Missing Host header");
    if (hosts_ > 1) return bad("Repeated Host header");
    if (!is_valid_host(host_field_)) return bad("Bad Host header");
    if (head_.host.empty()) head_.host = host_field_;
    return proceed;
}

}  // namespace basehttp::http1
