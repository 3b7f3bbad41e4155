#include "handlers/forms/part_header.hpp"

#include <algorithm>

#include "handlers/forms/form_limits.hpp"
#include "handlers/http/ascii.hpp"
#include "handlers/http/field_values.hpp"
#include "handlers/http/percent.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {
namespace {

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

[[noreturn]] void refuse(const char* message) { throw FormError(400, message); }

/// Stores the text of a parameter; a second one of that name is refused.
void store(std::optional<std::string>& text, std::string_view value) {
    if (text) refuse("A part of the form has a parameter of Content-Disposition twice");
    text = disposition_text(value);
    if (!text) refuse("A part of the form has a bad parameter of Content-Disposition");
}

void read_disposition(FieldHead& head, std::string_view value) {
    if (!equal_no_case(take_piece(value, ';'), "form-data"))
        refuse("A part of the form has a Content-Disposition other than form-data");
    std::optional<std::string> name;
    while (const auto parameter = take_parameter(value)) {
        if (equal_no_case(parameter->name, "name")) store(name, parameter->value);
        if (equal_no_case(parameter->name, "filename")) store(head.filename, parameter->value);
    }
    if (!name) refuse("A part of the form has no name");
    head.name = std::move(*name);
}

bool changes_content(std::string_view transfer_encoding) {
    return !equal_no_case(transfer_encoding, "binary") &&
           !equal_no_case(transfer_encoding, "8bit") && !equal_no_case(transfer_encoding, "7bit");
}

/// The only field of that name; nullptr when there is none.
const std::string* only_field(const FieldHead& head, std::string_view name) {
    const std::string* found = nullptr;
    for (const auto& field : head.headers) {
        if (!equal_no_case(field.first, name)) continue;
        if (found != nullptr) refuse("A part of the form has a header field twice");
        found = &field.second;
    }
    return found;
}

}  // namespace

std::string media_type(std::string_view content_type) {
    std::string type(take_piece(content_type, ';'));
    std::transform(type.begin(), type.end(), type.begin(), ascii_lower);
    return type;
}

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    take_piece(content_type, ';');
    std::optional<std::string> boundary;
    while (const auto parameter = take_parameter(content_type)) {
        if (!equal_no_case(parameter->name, "boundary")) continue;
        if (boundary) return std::nullopt;
        boundary = unquote(parameter->value);
    }
    if (!boundary || boundary->empty() || boundary->size() > 70 || boundary->ends_with(' '))
        return std::nullopt;
    const bool good = std::all_of(boundary->begin(), boundary->end(), [](char c) {
        return is_ascii_alphanumeric(c) ||
               std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
    });
    return good ? boundary : std::nullopt;
}

std::optional<std::string> disposition_text(std::string_view value) {
    if (!value.starts_with('"')) {
        if (value.empty() || value.find_first_of("\"\\, \t") != value.npos) return std::nullopt;
        return std::string(value);
    }
    std::string text;
    for (std::size_t i = 1; i < value.size(); ++i) {
        const char next = i + 1 < value.size() ? value[i + 1] : '\0';
        const int byte = escaped_byte(value, i);
        if (value[i] == '"') {
            if (i + 1 == value.size()) return text;
            return std::nullopt;
        }
        if (value[i] == '\\' && (next == '"' || next == '\\')) {
            text += next;
            ++i;
        } else if (byte == '"' || byte == '\r' || byte == '\n') {
            text += static_cast<char>(byte);
            i += 2;
        } else {
            text += value[i];
        }
    }
    return std::nullopt;
}

FieldHead parse_part_header(std::string_view lines) {
    FieldHead head;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(line.size() + 2, lines.size()));
        const std::size_t colon = std::min(line.find(':'), line.size());
        if (colon == line.size() || !is_token(line.substr(0, colon)) || has_control(line))
            refuse("A part of the form has a bad header");
        head.headers.emplace_back(line.substr(0, colon), trim_blanks(line.substr(colon + 1)));
    }
    const std::string* disposition = only_field(head, "Content-Disposition");
    if (disposition == nullptr) refuse("A part of the form has no Content-Disposition");
    read_disposition(head, *disposition);
    if (const std::string* type = only_field(head, "Content-Type")) head.type = media_type(*type);
    const std::string* encoding = only_field(head, "Content-Transfer-Encoding");
    if (encoding != nullptr && changes_content(*encoding))
        refuse("A part of the form has a Content-Transfer-Encoding");
    return head;
}

}  // namespace basehttp
