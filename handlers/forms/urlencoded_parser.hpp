// application/x-www-form-urlencoded as it comes in, in pieces of any size.
#pragma once

#include <string>
#include <string_view>

#include "handlers/forms/field_sink.hpp"
#include "handlers/forms/form_limits.hpp"

namespace basehttp {

/// Gives the fields that urllib::parse_qsl() gives, each in one piece. Linear time; memory for one
/// field. No text is ill-formed.
class UrlencodedParser {
  public:
    /// `sink` must outlive the parser.
    UrlencodedParser(const FormLimits& limits, FieldSink& sink)
        : limits_(limits), meter_(limits), sink_(sink) {}

    /// Throws FormError(413) when it is more than the limits allow.
    void feed(std::string_view bytes);
    /// The body is over: gives the last field. Throws as feed().
    void finish() { end_field(); }

  private:
    bool too_long() const;
    void end_field();

    FormLimits limits_;
    FormMeter meter_;
    FieldSink& sink_;
    std::string field_;  // not decoded
};

}  // namespace basehttp
