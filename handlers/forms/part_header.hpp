// The header of a part of a multipart/form-data body (RFC 7578 section 4). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "handlers/forms/field_sink.hpp"

namespace basehttp {

/// "text/html" of "Text/HTML; charset=utf-8".
std::string media_type(std::string_view content_type);

/// The boundary parameter of a Content-Type. nullopt: none, more than one, or not what RFC 2046
/// section 5.1.1 allows (1 to 70 characters, a blank not at the end).
std::optional<std::string> multipart_boundary(std::string_view content_type);

/// The text of a parameter of Content-Disposition as clients write it. In quotes `\"` and `\\` are
/// escapes and so are %22, %0D and %0A (the HTML standard, section 4.10.21.8); any other backslash
/// or percent sign is just that. nullopt: no closing quote, text after it, or, without quotes, one
/// of `"\,` or white space, or nothing.
std::optional<std::string> disposition_text(std::string_view value);

/// Lines that end in CRLF, without the empty one. Throws FormError(400) for what is no header, when
/// it names no form field, or when it says so twice. `filename*` is ignored (RFC 7578 section
/// 4.2); so are headers of other names. A Content-Transfer-Encoding that changes the content is
/// refused: it is deprecated (section 4.7), and ignoring it would store something else than was
/// sent.
FieldHead parse_part_header(std::string_view lines);

}  // namespace basehttp
