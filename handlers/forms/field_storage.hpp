// Python's cgi.FieldStorage: the fields of a form, however it was sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/forms/field_sink.hpp"
#include "handlers/forms/form_file.hpp"
#include "handlers/forms/form_limits.hpp"
#include "server/api.hpp"
#include "server/exchange/request_body.hpp"

namespace basehttp {

class BaseHTTPRequestHandler;

/// One field. Has a value of its own: it stays good without its form and its request.
struct BASEHTTP_API FormField : FieldHead {
    FormFile file;  ///< The content, of a file or of any other field.

    /// All of the content, in memory: for what is no file, or a small one.
    std::string value() const { return file.text(); }
    std::uint64_t size() const { return file.size(); }     ///< Bytes of content.
    bool is_file() const { return filename.has_value(); }  ///< An input for files; see filename.
    /// The last part of `filename`, without control characters and leading dots, so that it names
    /// no other place than the directory it is joined to, and no hidden file. Empty: nothing is
    /// left, or there was nothing. May still be a name that is taken or too long.
    std::string basename() const;
};

/// In a handler: `FieldStorage form(*this);`. Reads the whole form when it is made, and throws
/// FormError when it cannot; an error that the handler lets pass becomes the answer. Names are
/// case-sensitive; a name may come more than once, and items are in the order of the form.
class BASEHTTP_API FieldStorage {
  public:
    /// The query of a GET or HEAD, the body of any other request (whose query is not looked at,
    /// see Query). Needs the whole body: not for handlers that say needs_body() is false.
    explicit FieldStorage(BaseHTTPRequestHandler& handler, const FormLimits& limits = {});
    /// What is left of `rfile`: multipart/form-data (RFC 7578), or
    /// application/x-www-form-urlencoded, which is also meant by an empty content type. Any other
    /// is FormError(415).
    FieldStorage(RequestBody& rfile, std::string_view content_type, const FormLimits& limits = {});

    /// The first value of that name, of an uploaded file its content. (Python gives a list when
    /// there are more: that is getlist().)
    std::optional<std::string> getvalue(std::string_view name) const;
    /// The same, or `fallback`.
    std::string getvalue(std::string_view name, std::string_view fallback) const;
    ///@{
    /// As getvalue().
    std::optional<std::string> getfirst(std::string_view name) const { return getvalue(name); }
    /// As getvalue().
    std::string getfirst(std::string_view name, std::string_view fallback) const {
        return getvalue(name, fallback);
    }
    ///@}
    /// All values of that name, in order.
    std::vector<std::string> getlist(std::string_view name) const;
    /// Each name once, in the order of the form.
    std::vector<std::string> keys() const;
    /// Python's `name in form`.
    bool contains(std::string_view name) const { return find(name) != nullptr; }

    ///@{
    /// The first field of that name; nullptr: none. Lives as long as the form.
    FormField* find(std::string_view name);
    /// The same.
    const FormField* find(std::string_view name) const;
    ///@}
    /// The same; throws FormError(400) when there is none. `name` must be the program's own.
    FormField& operator[](std::string_view name);
    /// All of that name; for an input that takes several files.
    std::vector<FormField*> find_all(std::string_view name);

    ///@{
    /// Of the fields in order.
    auto begin() { return fields_.begin(); }
    auto end() { return fields_.end(); }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    ///@}
    /// Fields, not names as in Python.
    std::size_t size() const { return fields_.size(); }
    bool empty() const { return fields_.empty(); }  ///< No field.

  private:
    void read_query(std::string_view query, const FormLimits& limits);
    void read_body(RequestBody& rfile, std::string_view content_type, const FormLimits& limits);
    void read_parts(RequestBody& rfile, const std::string& boundary, const FormLimits& limits);

    std::vector<FormField> fields_;
};

}  // namespace basehttp
