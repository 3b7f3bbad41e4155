// Header fields of a message as Python's email.message gives them: ordered, names without case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http1/request_head.hpp"

namespace basehttp {

/// Views into the request; valid as long as it.
class Headers {
  public:
    explicit Headers(const std::vector<HeaderField>& fields) : fields_(&fields) {}

    /// The first field of that name.
    std::optional<std::string_view> get(std::string_view name) const;
    std::string_view get(std::string_view name, std::string_view fallback) const {
        return get(name).value_or(fallback);
    }
    std::vector<std::string_view> get_all(std::string_view name) const;
    /// All values of that name as one list, joined with ", " (RFC 9110 section 5.3).
    std::optional<std::string> joined(std::string_view name) const;
    bool contains(std::string_view name) const { return get(name).has_value(); }

    auto begin() const { return fields_->begin(); }
    auto end() const { return fields_->end(); }
    std::size_t size() const { return fields_->size(); }

  private:
    const std::vector<HeaderField>* fields_;
};

}  // namespace basehttp
