#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/http/query.hpp"
#include "tests/support/parsed_form.hpp"

namespace {

using namespace basehttp;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

/// A form is what parse_qsl() says, however it is cut, and no more than the limits.
void check_form(std::string_view body, const FormLimits& limits, std::size_t piece) {
    const ParsedForm whole = parse_urlencoded(body, limits);
    for (const std::size_t size : {std::size_t{1}, piece}) {
        const ParsedForm pieces = parse_urlencoded(body, limits, size);
        check(pieces.code == whole.code);
        if (whole.code == 0) check(pieces.fields == whole.fields);
    }
    std::uint64_t text = 0;
    for (const ParsedField& field : whole.fields) {
        check(field.complete && field.head.name.size() <= limits.name_bytes);
        check(field.content.size() <= limits.value_bytes);
        text += field.head.name.size() + field.content.size();
    }
    check(whole.fields.size() <= limits.fields && text <= limits.text_bytes);
    if (whole.code != 0) return check(whole.code == 413);
    const QueryItems items = urllib::parse_qsl(body, limits.keep_blank_values, SIZE_MAX);
    check(items.size() == whole.fields.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        check(items[i].first == whole.fields[i].head.name);
        check(items[i].second == whole.fields[i].content);
    }
}

/// What is encoded comes back; a Query finds what is there.
void check_query(std::string_view text) {
    using namespace urllib;
    check(unquote(quote(text)) == text && unquote_plus(quote_plus(text)) == text);
    check(quote(text, "").find_first_of(" &=+?#/\"'<>") == std::string::npos);
    const QueryItems items = parse_qsl(text, true, SIZE_MAX);
    check(parse_qsl(urlencode(items), true, SIZE_MAX) == items);
    const Query query("/p?" + urlencode(items));
    check(query.items(SIZE_MAX) == items);
    if (!items.empty()) {
        check(query.get(items[0].first) == items[0].second);
        check(query.get_all(items.back().first).back() == items.back().second);
    }
    const UrlParts parts = urlsplit(text);
    check(parts.path.find('?') == text.npos && parts.query.find('#') == text.npos);
    check(parts.scheme.size() + parts.netloc.size() + parts.path.size() + parts.query.size() +
              parts.fragment.size() <=
          text.size());
}

}  // namespace

// One byte of limits, one of piece size, then the form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t most = data[0] % 64;
    const std::size_t piece = 1 + data[1] % 100u;
    const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
    FormLimits limits;
    limits.keep_blank_values = data[0] >= 128;
    check_form(body, limits, piece);
    limits.fields = most % 8;
    limits.name_bytes = limits.value_bytes = most;
    limits.text_bytes = most * 4;
    check_form(body, limits, piece);
    check_query(body);
    return 0;
}
