#include "handlers/forms/urlencoded_parser.hpp"

#include <algorithm>
#include <cstddef>

#include "handlers/http/query.hpp"

namespace basehttp {

void UrlencodedParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, bytes.find('&'));
        field_.append(part);
        if (part.size() < bytes.size() || too_long()) end_field();
        bytes.remove_prefix(std::min(part.size() + 1, bytes.size()));
    }
}

/// Whether name or value will be more than the limits when they are decoded: an escape is three
/// bytes for one.
bool UrlencodedParser::too_long() const {
    const std::size_t least = field_.size() / 3;
    return least > limits_.name_bytes &&
           least - limits_.name_bytes > std::min(limits_.value_bytes, limits_.text_bytes);
}

void UrlencodedParser::end_field() {
    if (field_.empty()) return;
    auto [name, value] = urllib::parse_field(field_);
    field_.clear();
    FieldHead head;
    head.name = std::move(name);
    meter_.begin_field(head);
    meter_.add_content(value.size());
    if (value.empty() && !limits_.keep_blank_values) return;
    sink_.begin_field(std::move(head), 0);
    if (!value.empty()) sink_.content(value);
    sink_.end_field();
}

}  // namespace basehttp
