#pragma once

#include <string>
#include <string_view>

// Text that others chose, made safe to be put into our pages.
namespace basehttp {

// For element content and quoted attribute values: & < > " ' become character references. Other
// bytes stay as they are.
std::string html_escape(std::string_view text);

// A JSON string (RFC 8259) with its quotes. Each byte that is not well-formed UTF-8 becomes U+FFFD;
// '<' becomes \u003c, so that the text may stand inside a script element.
std::string json_quote(std::string_view text);

}  // namespace basehttp
