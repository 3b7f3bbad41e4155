#pragma once

#include <string>
#include <string_view>

#include "server/api.hpp"

// Text that others chose, made safe to be put into our pages.
namespace basehttp {

/// For element content and quoted attribute values: & < > " ' become character references. Other
/// bytes stay as they are. Python's html.escape().
BASEHTTP_API std::string html_escape(std::string_view text);

/// A JSON string (RFC 8259) with its quotes. Each byte that is not well-formed UTF-8 becomes
/// U+FFFD; '<' is escaped too, so that the text may stand inside a script element.
BASEHTTP_API std::string json_quote(std::string_view text);

}  // namespace basehttp
