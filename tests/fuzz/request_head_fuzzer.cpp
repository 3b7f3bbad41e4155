#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

#include "server/http1/request_head.hpp"

namespace {

namespace beast = boost::beast;
using namespace basehttp;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

/// Whatever the text, views stay within it (or name a literal) and pieces come to the same.
void check_shape(std::string_view text, const HeadResult& result, const RequestHead& head) {
    check(result.consumed <= text.size());
    check((result.status == HeadStatus::bad) == (result.code != 0));
    check((result.status == HeadStatus::complete) == (result.consumed > 0));
    const auto within = [text](std::string_view view) {
        return view.empty() || (view.data() >= text.data() &&
                                view.data() + view.size() <= text.data() + text.size());
    };
    for (const std::string_view view : {head.request_line, head.method, head.raw_target,
                                        head.version, head.host, head.accept_encoding, head.range})
        check(within(view));
    for (const HeaderField& field : head.fields) check(within(field.name) && within(field.value));
}

/// No beginning of a good head is refused, and what follows it changes nothing.
void check_pieces(std::string_view text, const HeadLimits& limits, const HeadResult& whole) {
    RequestHead head;
    const std::string_view good = text.substr(0, whole.consumed);
    check(parse_request_head(good, limits, head).consumed == good.size());
    for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 16)
        check(parse_request_head(good.substr(0, size), limits, head).status ==
              HeadStatus::incomplete);
}

void check_rebased(std::string_view text, const RequestHead& head) {
    const std::string copy(text);
    const RequestHead moved = head.rebased(text.data(), copy.data());
    check(moved.target == head.target && moved.host == head.host && moved.method == head.method);
    check(moved.fields.size() == head.fields.size());
    for (std::size_t i = 0; i < head.fields.size(); ++i)
        check(moved.fields[i].name == head.fields[i].name &&
              moved.fields[i].value == head.fields[i].value &&
              moved.fields[i].name.data() != head.fields[i].name.data());
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool has_field(const RequestHead& head, std::string_view lower_name) {
    return std::any_of(head.fields.begin(), head.fields.end(), [lower_name](const auto& field) {
        return equals_lower(field.name, lower_name);
    });
}

/// What Beast refuses and we do not: minor versions above 1, lengths past 2^64 (413 from us),
/// options of Connection that are no tokens (without meaning to us).
bool beast_is_stricter(const RequestHead& head, const beast::error_code& error) {
    if (head.version[7] > '1') return true;
    if (head.content_length == std::numeric_limits<std::uint64_t>::max()) return true;
    return error == beast::http::error::bad_value &&
           (has_field(head, "connection") || has_field(head, "proxy-connection"));
}

/// A head that we accept is accepted by Boost.Beast, which was written by others, and means the
/// same: method, target, version, fields, framing, persistence.
void check_against_beast(std::string_view text, const RequestHead& head) {
    if (text.substr(0, 2) == "\r\n") text.remove_prefix(2);
    beast::http::request_parser<beast::http::empty_body> parser;
    parser.header_limit(1u << 20);
    parser.body_limit(boost::none);
    parser.skip(true);
    parser.eager(false);
    beast::error_code error;
    parser.put({text.data(), text.size()}, error);
    if (beast_is_stricter(head, error)) return;
    check(!error);
    check(parser.is_header_done());
    const auto& message = parser.get();
    check(view(message.method_string()) == head.method);
    check(view(message.target()) == head.raw_target);
    check(message.version() == (head.version_minor == 0 ? 10u : 11u));
    check(parser.chunked() == head.chunked);
    check(parser.content_length().has_value() == head.content_length.has_value());
    if (head.content_length) check(*parser.content_length() == *head.content_length);
    // Beast also obeys Proxy-Connection, and in HTTP/1.0 keep-alive beside close.
    if (head.keep_alive) check(parser.keep_alive() || has_field(head, "proxy-connection"));
    if (!head.keep_alive && head.version_minor == 1) check(!parser.keep_alive());
    check(static_cast<std::size_t>(std::distance(message.begin(), message.end())) ==
          head.fields.size());
    for (const HeaderField& ours : head.fields) {
        const auto [first, last] = message.equal_range({ours.name.data(), ours.name.size()});
        check(std::any_of(first, last, [&](const auto& theirs) {
            return view(theirs.name_string()) == ours.name && view(theirs.value()) == ours.value;
        }));
    }
}

}  // namespace

// The text of a head, whole or not, with bytes after it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    constexpr HeadLimits limits{.request_line = 200, .header_bytes = 500, .header_fields = 10};
    RequestHead head;
    const HeadResult result = parse_request_head(text, limits, head);
    check_shape(text, result, head);
    if (result.status != HeadStatus::complete) return 0;
    check(head.fields.size() <= limits.header_fields);
    check(head.request_line.size() <= limits.request_line);
    check(!(head.chunked && head.content_length));
    check(is_token(head.method));
    check(head.host.empty() || is_valid_host(head.host));
    check_pieces(text, limits, result);
    check_rebased(text.substr(0, result.consumed), head);
    check_against_beast(text.substr(0, result.consumed), head);
    return 0;
}
