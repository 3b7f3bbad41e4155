// Queries and escapes as Python's urllib.parse has them. Pure functions in linear time.
//
// Text is bytes: Python decodes UTF-8 and puts U+FFFD where it is ill-formed, here the bytes stay
// as they were sent (is_valid_utf8() tells).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

using QueryItem = std::pair<std::string, std::string>;  ///< name and value, decoded
using QueryItems = std::vector<QueryItem>;              ///< in their order

/// Python's names. A namespace of their own, because others quote in other ways.
namespace urllib {

/// Views into the text that was split; empty where it has no such part.
struct UrlParts {
    std::string_view scheme;    ///< As written; Python makes it lower case.
    std::string_view netloc;    ///< "user@host:port"
    std::string_view path;      ///< Not decoded: decode_url_path() does that safely.
    std::string_view query;     ///< Without the '?'.
    std::string_view fragment;  ///< Without the '#'.

    bool operator==(const UrlParts&) const = default;  ///< Member by member.
};
/// Cuts a URL into its parts (RFC 3986 section 3). No text is an error.
BASEHTTP_API UrlParts urlsplit(std::string_view url);

/// Decodes escapes (RFC 3986 section 2.1); what is no good escape stays as it is. The result may
/// hold any byte, NUL too.
BASEHTTP_API std::string unquote(std::string_view text);
/// The same with '+' for a space, as forms have it.
BASEHTTP_API std::string unquote_plus(std::string_view text);

/// Escapes every byte but letters, digits, "_.-~" and those in `safe`.
BASEHTTP_API std::string quote(std::string_view text, std::string_view safe = "/");
/// The same with '+' for a space.
BASEHTTP_API std::string quote_plus(std::string_view text, std::string_view safe = "");
/// "name=value&name=value", each with quote_plus().
BASEHTTP_API std::string urlencode(const QueryItems& items);

/// One `name=value` of a query; nothing after the name counts as an empty value.
BASEHTTP_API QueryItem parse_field(std::string_view text);
/// The fields between the '&' in their order. Those with an empty value are left out unless asked
/// for, as in Python. Throws std::invalid_argument when there are more than `max_num_fields`.
BASEHTTP_API QueryItems parse_qsl(std::string_view query, bool keep_blank_values = false,
                                  std::size_t max_num_fields = 1000);
/// The same by name.
BASEHTTP_API std::map<std::string, std::vector<std::string>> parse_qs(
    std::string_view query, bool keep_blank_values = false, std::size_t max_num_fields = 1000);

}  // namespace urllib

/// The query of a request, in a handler: `const Query query(path); query.get("name")`. Keeps empty
/// values, so that contains("debug") is true for "/?debug". Decodes when asked: whatever the client
/// sends, it costs no memory but the text, which the limits of the request's head bound.
class BASEHTTP_API Query {
  public:
    /// `target`: a path with its query, or a whole URL. Copied.
    explicit Query(std::string_view target) : text_(urllib::urlsplit(target).query) {}

    /// The first value of that name, which is compared decoded.
    std::optional<std::string> get(std::string_view name) const;
    /// The same, or `fallback`.
    std::string get(std::string_view name, std::string_view fallback) const;
    /// All values of that name, in order.
    std::vector<std::string> get_all(std::string_view name) const;
    /// Whether there is one, perhaps without a value.
    bool contains(std::string_view name) const { return get(name).has_value(); }
    /// All of it. Throws HTTPError 400 when there are more than `max_num_fields`: a client's fault.
    QueryItems items(std::size_t max_num_fields = 1000) const;
    /// As sent, without the '?'.
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace basehttp
