#include "server/http1/request_head.hpp"

#include <algorithm>

#include "server/http1/characters.hpp"
#include "server/http1/head_parser.hpp"

namespace basehttp {

using characters::is;

namespace http1 {

HeadResult HeadParser::parse_request_line() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    head_.request_line = line.substr(0, std::min(line.find('\r'), limits_.request_line));
    if (!rest.empty() && !is(rest.front(), characters::token))
        return rest.front() == '\r' && rest.size() == 1 ? incomplete : bad("Bad request syntax");
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
    p = characters::skip_field_value(p, end);
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

}  // namespace http1

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool equals_lower(std::string_view text, std::string_view lower_text) {
    if (text.size() != lower_text.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (lower(text[i]) != lower_text[i]) return false;
    return true;
}

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is(c, characters::token); });
}

HeadResult parse_request_head(std::string_view text, const HeadLimits& limits, RequestHead& head) {
    head.clear();
    return http1::HeadParser(text, limits, head).parse();
}

}  // namespace basehttp
