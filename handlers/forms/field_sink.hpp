// What the parsers of forms say, and to whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

/// What is known of a field before its content. Text is as sent, in UTF-8 if the client is good.
struct FieldHead {
    std::string name;  ///< Of the input; may be empty, and may come again.
    /// For a file: the name that it has at the client, which may say anything. Empty: the form has
    /// an input for a file, and none was chosen.
    std::optional<std::string> filename;
    std::string type = "text/plain";  ///< Content type in lower case, without parameters.
    std::vector<std::pair<std::string, std::string>> headers;  ///< Those of its part.

    bool operator==(const FieldHead&) const = default;  ///< Member by member.
};

/// Derive it to take a form as it is read, without storing it. What a method throws ends the
/// reading.
class BASEHTTP_API FieldSink {
  public:
    virtual ~FieldSink() = default;

    /// `offset`: bytes of the body before the content of this field; 0 in an urlencoded form.
    virtual void begin_field(FieldHead head, std::uint64_t offset) = 0;
    /// More of its content, decoded; called any number of times.
    virtual void content(std::string_view bytes) = 0;
    virtual void end_field() = 0;  ///< All of its content was given.
};

}  // namespace basehttp
