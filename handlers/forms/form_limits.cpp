#include "handlers/forms/form_limits.hpp"

#include "handlers/forms/field_sink.hpp"

namespace basehttp {
namespace {

void check(std::uint64_t amount, std::uint64_t limit, const char* what) {
    if (amount <= limit) return;
    throw FormError(413, std::string(what) + " (limit: " + std::to_string(limit) + ")");
}

}  // namespace

void FormMeter::begin_field(const FieldHead& head) {
    check(++fields_, limits_.fields, "The form has too many fields");
    check(head.name.size(), limits_.name_bytes, "The name of a form field has too many bytes");
    in_file_ = head.filename.has_value();
    size_ = 0;
    if (in_file_) check(++files_, limits_.files, "The form has too many files");
    add_text(head.name.size());
    for (const auto& [name, value] : head.headers) add_text(name.size() + value.size());
}

void FormMeter::add_content(std::size_t bytes) {
    size_ += bytes;
    if (in_file_) return check(size_, limits_.file_bytes, "A file in the form has too many bytes");
    check(size_, limits_.value_bytes, "A form field has too many bytes");
    add_text(bytes);
}

void FormMeter::add_text(std::uint64_t bytes) {
    text_ += bytes;
    check(text_, limits_.text_bytes, "The fields of the form together have too many bytes");
}

}  // namespace basehttp
