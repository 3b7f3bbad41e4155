#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/api.hpp"

// From file name to media type.
namespace basehttp {

/// Set up by one thread, then const and shared by all. guess() does not allocate.
class BASEHTTP_API MimeTypes {
  public:
    MimeTypes() = default;  ///< with the built-in table of web types

    /// Adds what a system file such as /etc/mime.types says: a type, then extensions without their
    /// dot, '#' begins a comment. Malformed lines are skipped; the last one to name an extension
    /// counts. Never overrides the built-in table.
    void load(std::string_view mime_types_text);

    /// Overrides everything. ".ext" in any case, or "" for the type of files with an unknown
    /// extension or none. `type` is sent as it is and may have parameters.
    void set(std::string_view extension_with_dot, std::string_view type);

    /// By the last extension, in any case; "application/octet-stream" when it is unknown. The view
    /// lives as long as this object and is invalidated by set() and load().
    std::string_view guess(std::string_view path) const;

  private:
    struct NoCaseHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept;
    };
    struct NoCaseEqual {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept;
    };
    using Table = std::unordered_map<std::string, std::string, NoCaseHash, NoCaseEqual>;

    Table explicit_;
    Table system_;
    std::string default_ = "application/octet-stream";
};

/// Whether "; charset=utf-8" should be added: text/* and JavaScript, unless `type` has a charset.
/// Not for JSON, which is always UTF-8 (RFC 8259), and not for XML, whose files name their own
/// encoding that a charset parameter would overrule (RFC 7303).
BASEHTTP_API bool wants_charset(std::string_view type);

/// Whether on-the-fly compression pays: text, JSON, XML, SVG, JavaScript, WebAssembly, plain fonts.
/// Not text/event-stream, whose events must not wait in a compressor.
BASEHTTP_API bool is_compressible(std::string_view type);

}  // namespace basehttp
