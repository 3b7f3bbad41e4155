// Content-Disposition of an answer that a browser is to save as a file (RFC 6266). Pure.
#pragma once

#include <string>
#include <string_view>

namespace basehttp {

/// `attachment; filename="..."`, with `filename*=UTF-8''...` (RFC 8187) where the name says more
/// than plain ASCII can. `name` is a file name in UTF-8, of any origin: '/', '\' and control
/// characters become '_', so it never names a folder nor ends the field. Ill-formed UTF-8 becomes
/// '_' byte by byte.
std::string attachment(std::string_view name);

}  // namespace basehttp
