// Header fields of a message as Python's email.message gives them: ordered, names without case.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/http/cookies.hpp"
#include "handlers/http/quality_values.hpp"
#include "server/api.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {

/// A view of the request's fields, which costs nothing to make and to ask; it takes its own list
/// when it is changed. Views that it gives live as long as the request and this object, even when
/// their field is replaced or erased. One thread at a time, like any value; copies are independent.
///
/// A question about "the" field of a name means the first. No question throws: a field that is
/// missing or says nothing sensible gives nullopt, an empty list, or what Python gives.
class BASEHTTP_API Headers {
  public:
    /// No fields.
    Headers() = default;
    /// The fields of a request, which must live as long as this object and its copies.
    explicit Headers(const std::vector<HeaderField>& fields) : shared_(&fields) {}

    // --- As in Python ---
    /// The value; white space around it is not part of it.
    std::optional<std::string_view> get(std::string_view name) const;
    /// The same, or `fallback`, which must live as long as the result.
    std::string_view get(std::string_view name, std::string_view fallback) const {
        return get(name).value_or(fallback);
    }
    /// Python's headers["Name"], which is None and no error when it is missing.
    std::optional<std::string_view> operator[](std::string_view name) const { return get(name); }
    /// The values of all fields of that name, in order; Python gives None for none.
    std::vector<std::string_view> get_all(std::string_view name) const;
    /// Python's `name in headers`.
    bool contains(std::string_view name) const { return get(name).has_value(); }
    ///@{
    /// Of all fields in order, repeated ones too; names as they were sent.
    std::vector<std::string_view> keys() const;
    std::vector<std::string_view> values() const;
    ///@}
    /// for (const auto& [name, value] : headers.items()); plain `headers` gives the same.
    const std::vector<HeaderField>& items() const { return shared_ ? *shared_ : own_; }
    ///@{
    /// Of items(). A change of the headers ends iterators.
    auto begin() const { return items().begin(); }
    auto end() const { return items().end(); }
    ///@}
    ///@{
    std::size_t size() const { return items().size(); }  ///< Fields, repeated ones too.
    bool empty() const { return items().empty(); }       ///< No field.
    ///@}

    /// Adds a field after the others, as Python's headers["Name"] = value. Throws
    /// std::invalid_argument for a name that is no token, and for CR, LF or NUL.
    void add_header(std::string_view name, std::string_view value);
    /// A new value for the first field of that name, which keeps its place. False: there is none.
    /// Throws as add_header.
    bool replace_header(std::string_view name, std::string_view value);
    /// Python's del headers["Name"]: all fields of that name. How many there were.
    std::size_t erase(std::string_view name);

    /// "text/html" in lower case; "text/plain" when there is no such field or it has not one '/'.
    std::string get_content_type() const;
    std::string get_content_maintype() const;  ///< "text"
    std::string get_content_subtype() const;   ///< "html"
    /// The charset parameter in lower case.
    std::optional<std::string> get_content_charset() const;
    /// A parameter of a field such as `a/b; name="value"`, without quotes.
    std::optional<std::string> get_param(std::string_view param,
                                         std::string_view header = "Content-Type") const;
    /// All of them in order, names in lower case; first what stands before them, with an empty
    /// value: {{"text/html", ""}, {"charset", "utf-8"}}.
    std::vector<std::pair<std::string, std::string>> get_params(
        std::string_view header = "Content-Type") const;

    // --- What Python leaves to the program ---
    /// All values of that name as one list, joined with ", " (RFC 9110 section 5.3).
    std::optional<std::string> joined(std::string_view name) const;
    /// The elements of all fields of that name, quotes kept, empty ones dropped (RFC 9110 section
    /// 5.6.1).
    std::vector<std::string_view> get_list(std::string_view name) const;
    /// Decimal digits, perhaps after '-', and nothing else.
    std::optional<std::int64_t> get_int(std::string_view name) const;
    /// A date in any format of RFC 9110 section 5.6.7, in seconds since 1970.
    std::optional<std::time_t> get_date(std::string_view name) const;
    /// Accept and its kin with their weights, the heaviest first; malformed elements are left out.
    std::vector<QualityValue> get_quality_values(std::string_view name) const;
    /// Which of `offers` such a field wants most: best_match("Accept", {"text/html",
    /// "application/json"}). The first offer when the field is missing or says nothing; nullopt
    /// when none is acceptable. For Accept-Encoding rather accepted_codings(), which knows what
    /// "identity" means.
    std::optional<std::string_view> best_match(std::string_view name,
                                               const std::vector<std::string_view>& offers) const;
    /// All cookies of the request in their order.
    std::vector<Cookie> cookies() const;
    /// The value of the first cookie of that name, in this case of letters.
    std::optional<std::string_view> get_cookie(std::string_view name) const;

  private:
    std::vector<HeaderField>& own();
    std::string_view keep(std::string_view text);

    const std::vector<HeaderField>* shared_ = nullptr;  // somebody else's list, until a change
    std::vector<HeaderField> own_;
    std::vector<std::shared_ptr<const std::string>> texts_;  // of added names and values
};

}  // namespace basehttp
