// The parser behind parse_request_head(): request line and fields in request_head.cpp, what
// single fields mean in head_fields.cpp. Private to these two.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/http1/request_head.hpp"

namespace basehttp::http1 {

constexpr HeadResult incomplete{};
constexpr HeadResult proceed{HeadStatus::complete, 0, 0, ""};
inline HeadResult bad(int code, const char* reason) { return {HeadStatus::bad, 0, code, reason}; }
inline HeadResult bad(const char* reason) { return bad(400, reason); }

/// One head, once. The text, limits and head outlive it.
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

}  // namespace basehttp::http1
