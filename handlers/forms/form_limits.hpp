// What a form may contain, and what is thrown when it contains something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "handlers/http_error.hpp"
#include "server/api.hpp"

namespace basehttp {

/// More is 413. The body as a whole has its limit in the server's settings, and is in memory only
/// up to `body_memory`; the content of files is not copied from there. So a form of n files costs
/// no memory but at most `text_bytes` and a few hundred bytes for each field.
struct FormLimits {
    std::size_t fields = 1000;            ///< Fields, files among them.
    std::size_t files = 100;              ///< Fields with a file name, an empty one counts too.
    std::size_t name_bytes = 1024;        ///< Of a field's name.
    std::size_t header_bytes = 8 << 10;   ///< Of the header of a part, line ends included.
    std::size_t header_fields = 16;       ///< Lines in the header of a part.
    std::uint64_t value_bytes = 1 << 20;  ///< Of a value that is no file.
    std::uint64_t text_bytes = 4 << 20;   ///< Of all values that are no files, names and headers.
    std::uint64_t file_bytes = std::numeric_limits<std::uint64_t>::max();  ///< Of one file.
    /// Fields of an urlencoded form without a value are left out, as by Python, unless this is set.
    /// A form in parts always has them.
    bool keep_blank_values = false;
};

/// A form that cannot be read: 400 it is not well-formed, 413 it is more than FormLimits allow, 415
/// it is no form. The answer that a handler gives, or has given for it by letting the error pass.
class BASEHTTP_API FormError : public HTTPError {
  public:
    using HTTPError::HTTPError;
};

struct FieldHead;

/// Counts what a form contains; throws FormError as soon as it is too much. One form's, one
/// thread's.
class BASEHTTP_API FormMeter {
  public:
    /// Begins at nothing. Copies `limits`.
    explicit FormMeter(const FormLimits& limits) : limits_(limits) {}

    /// One more field, its name and header included.
    void begin_field(const FieldHead& head);
    /// Of the field that began last.
    void add_content(std::size_t bytes);

  private:
    void add_text(std::uint64_t bytes);

    FormLimits limits_;
    std::size_t fields_ = 0, files_ = 0;
    std::uint64_t text_ = 0;
    std::uint64_t size_ = 0;  // of the field that began last
    bool in_file_ = false;
};

}  // namespace basehttp
