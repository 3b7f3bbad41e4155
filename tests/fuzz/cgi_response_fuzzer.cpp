#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/cgi/response_header.hpp"

namespace {

using basehttp::ScriptHeader;
using basehttp::ScriptHeaderReader;
using Status = ScriptHeaderReader::Status;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

struct Outcome {
    Status status = Status::more;
    std::string error;
    ScriptHeader header;
    std::size_t content = 0;  // bytes that are not header

    bool operator==(const Outcome&) const = default;
};

/// All output of a script: first `first` bytes, then pieces of `piece`.
Outcome read(std::string_view text, std::size_t limit, std::size_t first, std::size_t piece) {
    ScriptHeaderReader reader(limit);
    Outcome outcome;
    std::size_t fed = 0;
    for (std::size_t size = first; fed < text.size() && outcome.status == Status::more;
         size = piece) {
        const std::string_view next = text.substr(fed, size);
        fed += next.size();
        outcome.status = reader.feed(next);
    }
    const bool ended = outcome.status != Status::more;
    outcome.status = reader.finish();
    check(outcome.status != Status::more);
    outcome.error = reader.error();
    check((outcome.status == Status::bad) == !outcome.error.empty());
    if (outcome.status != Status::done) return outcome;
    check(ended);
    // No byte of the content is lost or changed.
    const std::string_view rest = reader.rest();
    check(rest.size() <= fed && rest == text.substr(fed - rest.size(), rest.size()));
    outcome.content = text.size() - fed + rest.size();
    outcome.header = reader.header();
    return outcome;
}

bool is_line(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void check_header(const ScriptHeader& header) {
    check(header.status >= 200 && header.status <= 599);
    check(is_line(header.reason) && is_line(header.location) && is_line(header.content_type));
    check(is_line(header.sendfile));
    for (const auto& [name, value] : header.fields) {
        check(!name.empty() && is_line(name) && is_line(value));
        check(name.find(':') == name.npos && name.find(' ') == name.npos);
    }
    if (header.kind == ScriptHeader::Kind::document) check(header.location.empty());
    if (header.kind != ScriptHeader::Kind::local_redirect) return;
    check(header.location.starts_with('/') && !header.location.starts_with("//"));
    check(header.status == 200);
}

}  // namespace

// One byte of limit, one for the place to split at, then what a script writes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t limit = 4u * data[0];
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t all = text.size();
    const std::size_t place = 1 + data[1];
    const Outcome whole = read(text, limit, all, all);
    check(whole == read(text, limit, place, all));
    check(whole == read(text, limit, 1, 1));
    check(whole.error.size() <= 200);
    if (whole.status != Status::done) return 0;
    check_header(whole.header);
    const std::size_t header_size = all - whole.content;
    check(header_size > 0 && header_size <= limit && text[header_size - 1] == '\n');
    // The header alone means the same; what follows changes nothing.
    Outcome alone = read(text.substr(0, header_size), limit, all, all);
    check(alone.content == 0);
    alone.content = whole.content;
    check(alone == whole);
    return 0;
}
