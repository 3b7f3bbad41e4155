#include "server/http1/request_head.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "server/http1/characters.hpp"

namespace basehttp {
namespace {

using characters::is;

constexpr HeadResult incomplete{};
constexpr HeadResult proceed{HeadStatus::complete};
HeadResult bad(int code, const char* reason) { return {HeadStatus::bad, 0, code, reason}; }
HeadResult bad(const char* reason) { return bad(400, reason); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

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

class HeadParser {
  public:
    HeadParser(std::string_view text, const HeadLimits& limits, RequestHead& head)
        : text_(text), limits_(limits), head_(head) {}

    HeadResult parse() {
        if (text_.substr(0, 2) == "\r\n") at_ = 2;  // RFC 9112 section 2.2: one may precede
        if (HeadResult r = parse_request_line(); r.status != HeadStatus::complete) return r;
        if (HeadResult r = parse_fields(); r.status != HeadStatus::complete) return r;
        if (HeadResult r = check_framing(); r.status != HeadStatus::complete) return r;
        if (HeadResult r = check_host(); r.status != HeadStatus::complete) return r;
        return {HeadStatus::complete, at_};
    }

  private:
    HeadResult parse_request_line();
    HeadResult parse_version();
    HeadResult parse_target();
    HeadResult parse_absolute_target(std::string_view rest);
    HeadResult parse_fields();
    HeadResult parse_field();
    HeadResult note_field(std::string_view name, std::string_view value);
    HeadResult note_transfer_encoding(std::string_view value);
    HeadResult note_content_length(std::string_view value);
    HeadResult note_connection(std::string_view value);
    HeadResult note_expect(std::string_view value);
    HeadResult note_condition(std::string_view& slot, std::string_view value);
    HeadResult note_once(std::string_view& slot, std::string_view value);
    HeadResult check_framing();
    HeadResult check_host();

    std::string_view text_;
    const HeadLimits& limits_;
    RequestHead& head_;
    std::size_t at_ = 0;
    unsigned hosts_ = 0, transfer_encodings_ = 0;
    std::string_view host_field_;
    bool close_ = false, persist_ = false;
};

HeadResult HeadParser::parse_request_line() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    head_.request_line = line.substr(0, std::min(line.find('\r'), limits_.request_line));
    if (!rest.empty() && !is(rest.front(), characters::token))
        return rest.front() == '\r' && rest.size() == 1 ? incomplete
                                                        : bad("Bad request syntax");
    if (line.size() > limits_.request_line + 1) return bad(414, "Request-URI Too Long");
    if (end == rest.size()) return incomplete;
    if (line.empty() || line.back() != '\r') return bad("A line must end in CRLF");
    head_.request_line = line.substr(0, line.size() - 1);
    at_ += end + 1;

    const std::string_view request_line = head_.request_line;
    const std::size_t first = request_line.find(' ');
    const std::size_t last = request_line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("Bad request syntax");
    head_.method = request_line.substr(0, first);
    head_.raw_target = request_line.substr(first + 1, last - first - 1);
    head_.version = request_line.substr(last + 1);
    if (!is_token(head_.method)) return bad("Bad method");
    if (HeadResult r = parse_version(); r.status != HeadStatus::complete) return r;
    return parse_target();
}

// RFC 9110 section 2.5: a higher minor version is answered as the highest one known.
HeadResult HeadParser::parse_version() {
    const std::string_view v = head_.version;
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (v.size() != 8 || v.substr(0, 5) != "HTTP/" || !digit(v[5]) || v[6] != '.' || !digit(v[7]))
        return bad("Bad request version");
    if (v[5] != '1') return bad(505, "HTTP version not supported");
    head_.version_minor = v[7] == '0' ? 0 : 1;
    return proceed;
}

// RFC 9112 section 3.2: origin-form, absolute-form, authority-form (CONNECT), asterisk (OPTIONS).
HeadResult HeadParser::parse_target() {
    const std::string_view raw = head_.raw_target;
    if (raw.empty()) return bad("Bad request target");
    if (!std::all_of(raw.begin(), raw.end(), [](char c) { return is(c, characters::target); }))
        return bad("Bad character in request target");
    head_.target = raw;
    if (head_.method == "CONNECT") {
        // A valid host with a port ends in a digit and has a colon after any "]".
        if (!is_valid_host(raw) || raw.find(':') == std::string_view::npos || raw.back() == ']' ||
            raw.back() == ':')
            return bad("CONNECT needs host:port");
        return proceed;
    }
    if (raw.front() == '/') return proceed;
    if (raw == "*") return head_.method == "OPTIONS" ? proceed : bad("Bad request target");
    for (const std::string_view scheme : {"http://", "https://"})
        if (raw.size() > scheme.size() && equals_lower(raw.substr(0, scheme.size()), scheme))
            return parse_absolute_target(raw.substr(scheme.size()));
    return bad("Bad request target");
}

HeadResult HeadParser::parse_absolute_target(std::string_view rest) {
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    head_.host = rest.substr(0, end);
    head_.target = rest.substr(end);
    if (!is_valid_host(head_.host)) return bad("Bad host in request target");
    if (head_.target.empty()) head_.target = head_.method == "OPTIONS" ? "*" : "/";
    if (head_.target.front() == '?') return bad("Bad request target");
    return proceed;
}

HeadResult HeadParser::parse_fields() {
    const std::size_t start = at_;
    for (;;) {
        const HeadResult r = parse_field();
        if (at_ - start > limits_.header_bytes ||
            (r.status == HeadStatus::incomplete && text_.size() - start > limits_.header_bytes))
            return bad(431, "Header fields too large");
        if (r.status != HeadStatus::complete) return r;
        if (r.consumed != 0) return proceed;  // the empty line
    }
}

HeadResult HeadParser::parse_field() {
    const char* p = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    if (p == end) return incomplete;
    if (*p == '\r') {
        if (p + 1 == end) return incomplete;
        if (p[1] != '\n') return bad("A line must end in CRLF");
        at_ += 2;
        return {HeadStatus::complete, 1};
    }
    if (*p == ' ' || *p == '\t') return bad("A header line must not be folded");
    const char* const name = p;
    while (p != end && is(*p, characters::token)) ++p;
    if (p == end) return incomplete;
    if (*p != ':') return bad("Bad header field name");
    const std::string_view field_name(name, static_cast<std::size_t>(p - name));
    if (field_name.empty()) return bad("Bad header field name");
    ++p;
    while (p != end && (*p == ' ' || *p == '\t')) ++p;
    const char* const value = p;
    while (p != end && is(*p, characters::field)) ++p;
    if (p == end) return incomplete;
    if (*p != '\r') return bad("Bad character in header field value");
    if (p + 1 == end) return incomplete;
    if (p[1] != '\n') return bad("A line must end in CRLF");
    at_ = static_cast<std::size_t>(p + 2 - text_.data());
    while (p != value && (p[-1] == ' ' || p[-1] == '\t')) --p;
    const std::string_view field_value(value, static_cast<std::size_t>(p - value));
    if (head_.fields.size() >= limits_.header_fields) return bad(431, "Too many headers");
    head_.fields.push_back({field_name, field_value});
    return note_field(field_name, field_value);
}

// One switch by length keeps the common unknown field to a comparison or two.
HeadResult HeadParser::note_field(std::string_view name, std::string_view value) {
    const auto named = [name](std::string_view known) { return equals_lower(name, known); };
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
    if (head_.chunked && head_.content_length)
        return bad("Content-Length with Transfer-Encoding");
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

}  // namespace

bool equals_lower(std::string_view text, std::string_view lower_text) {
    if (text.size() != lower_text.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (lower(text[i]) != lower_text[i]) return false;
    return true;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return is(c, characters::token); });
}

HeadResult parse_request_head(std::string_view text, const HeadLimits& limits, RequestHead& head) {
    head.clear();
    return HeadParser(text, limits, head).parse();
}

}  // namespace basehttp
