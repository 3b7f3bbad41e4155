#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/forms/field_storage.hpp"
#include "handlers/forms/part_header.hpp"
#include "tests/support/parsed_form.hpp"

namespace {

using namespace basehttp;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

/// What a form may be at most, and that it is nothing but parts of the body.
void check_form(const ParsedForm& form, std::string_view body, std::string_view boundary,
                const FormLimits& limits) {
    std::size_t files = 0;
    std::uint64_t text = 0, end = 0;
    check(form.fields.size() <= limits.fields);
    for (const ParsedField& field : form.fields) {
        const bool is_file = field.head.filename.has_value();
        files += is_file;
        check(field.head.name.size() <= limits.name_bytes);
        check(field.head.headers.size() <= limits.header_fields);
        check(field.content.size() <= (is_file ? limits.file_bytes : limits.value_bytes));
        if (!is_file) text += field.content.size();
        if (form.code != 0) continue;
        check(field.complete && field.offset >= end);
        end = field.offset + field.content.size();
        check(body.substr(field.offset, field.content.size()) == field.content);
        check(field.content.find("\r\n--" + std::string(boundary)) == std::string::npos);
        check(body.substr(field.offset).find("--" + std::string(boundary)) != body.npos);
    }
    check(files <= limits.files && text <= limits.text_bytes);
}

/// The fields of a body that is read from rfile.
void check_storage(const ParsedForm& form, std::string_view type, std::string_view body,
                   const FormLimits& limits) {
    RequestBody rfile(body.size(), "/tmp");
    check(rfile.append(body));
    int code = 0;
    try {
        FieldStorage storage(rfile, type, limits);
        check(storage.size() == form.fields.size());
        std::size_t i = 0;
        for (const FormField& field : storage) {
            const ParsedField& expected = form.fields[i++];
            check(static_cast<const FieldHead&>(field) == expected.head);
            check(field.value() == expected.content);
            const std::string name = field.basename();
            check(name.find_first_of("/\\\r\n") == name.npos && !name.starts_with('.'));
            check(storage.contains(field.name));
        }
    } catch (const FormError& error) {
        code = error.code();
    }
    check(code == form.code);
}

}  // namespace

// One byte of limits, one of piece size, a content type up to LF, then the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t most = data[0];
    FormLimits limits;
    if (most < 128)
        limits = {.fields = most % 8,
                  .files = most % 4,
                  .name_bytes = most,
                  .header_bytes = most * 4,
                  .header_fields = most % 5,
                  .value_bytes = most,
                  .text_bytes = most * 8,
                  .file_bytes = most * 2};
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string_view type = text.substr(0, text.find('\n'));
    const std::string_view body = text.substr(std::min(type.size() + 1, text.size()));
    const auto boundary = multipart_boundary(type);
    if (!boundary) return 0;
    check(!boundary->empty() && boundary->size() <= 70);
    const ParsedForm whole = parse_multipart(body, *boundary, limits);
    check_form(whole, body, *boundary, limits);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1} + data[1] % 100}) {
        const ParsedForm pieces = parse_multipart(body, *boundary, limits, piece);
        check(pieces.code == whole.code);
        if (whole.code == 0) check(pieces.fields == whole.fields);
    }
    if (media_type(type) == "multipart/form-data") check_storage(whole, type, body, limits);
    return 0;
}
