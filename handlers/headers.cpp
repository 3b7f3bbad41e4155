#include "handlers/headers.hpp"

#include <algorithm>

namespace basehttp {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [lower](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const HeaderField& field : *fields_)
        if (same_name(field.name, name)) return field.value;
    return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const HeaderField& field : *fields_)
        if (same_name(field.name, name)) values.push_back(field.value);
    return values;
}

std::optional<std::string> Headers::joined(std::string_view name) const {
    std::optional<std::string> list;
    for (const HeaderField& field : *fields_) {
        if (!same_name(field.name, name)) continue;
        if (list) list->append(", ");
        list = std::move(list).value_or("") + std::string(field.value);
    }
    return list;
}

}  // namespace basehttp
