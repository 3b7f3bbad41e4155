// multipart/form-data (RFC 7578, RFC 2046 section 5.1) as it comes in, in pieces of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/forms/field_sink.hpp"
#include "handlers/forms/form_limits.hpp"

namespace basehttp {

/// Linear time whatever the text is; memory for one header of a part. Strict, so that no two
/// readers see different fields: lines of delimiters and headers end in CRLF, headers are not
/// folded, a line that begins with the delimiter is one, the closing delimiter must be there. Text
/// before the first and after the closing delimiter is skipped. A part that is a multipart itself
/// is content like any other.
class MultipartParser {
  public:
    /// `boundary` as multipart_boundary() gives it. `sink` must outlive the parser.
    MultipartParser(std::string_view boundary, const FormLimits& limits, FieldSink& sink)
        : delimiter_("\r\n--" + std::string(boundary)),
          limits_(limits),
          meter_(limits),
          sink_(sink) {}

    /// Throws FormError; then the parser is of no more use.
    void feed(std::string_view bytes);
    /// The body is over. Throws FormError(400) when the closing delimiter has not come.
    void finish() const;
    /// Bytes so far.
    std::uint64_t position() const { return position_; }

  private:
    /// preamble -> delimiter -> header -> content -> delimiter -> ... -> closing -> epilogue
    enum class State : std::uint8_t {
        preamble,   ///< Before the first delimiter.
        delimiter,  ///< Directly after the boundary.
        padding,    ///< White space between the boundary and CRLF.
        line_end,   ///< LF of that CRLF must follow.
        header,
        content,
        closing,          ///< One '-' after the boundary, another must follow.
        closing_padding,  ///< White space after the closing delimiter.
        closing_end,      ///< LF of a CRLF after that must follow.
        epilogue
    };

    std::size_t take(std::string_view bytes);
    std::size_t take_header(std::string_view bytes);
    std::size_t take_content(std::string_view bytes);
    void end_delimiter(char c);
    void end_header(std::uint64_t offset);
    void put(std::string_view content);

    std::string delimiter_;
    FormLimits limits_;
    FormMeter meter_;
    FieldSink& sink_;
    State state_ = State::preamble;
    std::uint64_t position_ = 0;
    /// Bytes of delimiter_ that were seen last. At first as if a line had just ended.
    std::size_t matched_ = 2;
    /// How many of those would not be content: the line end before the content.
    std::size_t not_content_ = 2;
    std::string header_;
    std::size_t line_begin_ = 0;  ///< In header_.
    std::size_t lines_ = 0;
};

}  // namespace basehttp
