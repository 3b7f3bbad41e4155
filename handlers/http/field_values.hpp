// The shapes that values of header fields share: lists, parameters, quoted strings (RFC 9110
// section 5.6). Pure functions in linear time; the results are views into the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

/// Takes what stands before the first `separator` outside quotes, without the blanks around it, and
/// drops the separator. A quote that is not closed reaches to the end.
std::string_view take_piece(std::string_view& text, char separator);

/// Adds the elements of a comma list, with their quotes; empty ones count for nothing (RFC 9110
/// section 5.6.1).
void append_elements(std::vector<std::string_view>& elements, std::string_view list);

/// What a quoted string says; text without a quote at both ends stays as it is.
std::string unquote(std::string_view text);

/// `name=value`, as sent. As lenient as Python's email: blanks around the parts do not count.
struct Parameter {
    std::string_view name;
    std::string_view value;  ///< With its quotes; empty where there is no '='.
};

/// Takes the next of ";" separated parameters; nullopt at the end.
std::optional<Parameter> take_parameter(std::string_view& text);

}  // namespace basehttp
