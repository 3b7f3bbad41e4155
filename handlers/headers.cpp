// The map itself. What its values say: headers_typed.cpp.
#include "handlers/headers.hpp"

#include <algorithm>
#include <stdexcept>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

void check_field(std::string_view name, std::string_view value) {
    if (!is_token(name)) throw std::invalid_argument("Bad header field name");
    if (breaks_line(value))
        throw std::invalid_argument("A header field value contains CR, LF or NUL");
}

}  // namespace

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const HeaderField& field : items())
        if (equal_no_case(field.name, name)) return field.value;
    return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
    std::vector<std::string_view> found;
    for (const HeaderField& field : items())
        if (equal_no_case(field.name, name)) found.push_back(field.value);
    return found;
}

std::vector<std::string_view> Headers::keys() const {
    std::vector<std::string_view> names;
    for (const HeaderField& field : items()) names.push_back(field.name);
    return names;
}

std::vector<std::string_view> Headers::values() const {
    std::vector<std::string_view> all;
    for (const HeaderField& field : items()) all.push_back(field.value);
    return all;
}

std::optional<std::string> Headers::joined(std::string_view name) const {
    std::optional<std::string> list;
    for (const HeaderField& field : items()) {
        if (!equal_no_case(field.name, name)) continue;
        if (list)
            list->append(", ").append(field.value);
        else
            list.emplace(field.value);
    }
    return list;
}

void Headers::add_header(std::string_view name, std::string_view value) {
    check_field(name, value);
    own().push_back({keep(name), keep(value)});
}

bool Headers::replace_header(std::string_view name, std::string_view value) {
    check_field(name, value);
    if (!contains(name)) return false;
    const auto field = std::find_if(own().begin(), own().end(), [name](const HeaderField& f) {
        return equal_no_case(f.name, name);
    });
    field->value = keep(value);
    return true;
}

std::size_t Headers::erase(std::string_view name) {
    if (!contains(name)) return 0;
    return std::erase_if(own(),
                         [name](const HeaderField& f) { return equal_no_case(f.name, name); });
}

/// The list to change; the text of its fields stays where it is.
std::vector<HeaderField>& Headers::own() {
    if (shared_) own_ = *std::exchange(shared_, nullptr);
    return own_;
}

std::string_view Headers::keep(std::string_view text) {
    return *texts_.emplace_back(std::make_shared<const std::string>(text));
}

}  // namespace basehttp
