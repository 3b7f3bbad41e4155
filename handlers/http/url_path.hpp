#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/api.hpp"

// From the request target to a path that is safe to look up below a root, and back. Pure text: the
// file system is not asked. The only place where a path is percent-decoded.
namespace basehttp {

/// The two parts of a request target.
struct SplitTarget {
    std::string_view path;   ///< not decoded
    std::string_view query;  ///< without the '?'
    bool has_query;          ///< tells "/a?" from "/a"
};

/// Cuts at the first '?'. The views point into `target`.
BASEHTTP_API SplitTarget split_target(std::string_view target);

/// `path` begins with '/' and has no empty, "." or ".." segment, no control character (C0, DEL), no
/// backslash, and is well-formed UTF-8. When trailing_slash is set the text ends with '/', too; the
/// root "/" counts as having one.
struct UrlPath {
    std::string path;     ///< decoded
    bool trailing_slash;  ///< a directory is asked for

    bool operator==(const UrlPath&) const = default;  ///< Member by member.
};

/// `raw_path` is the path part of a request target. Decodes percent escapes exactly once, then
/// collapses "//" and removes dot segments (RFC 3986 section 5.2.4), so "%2e%2e" is "..", and ".."
/// above the root stays at the root. nullopt means 400: does not begin with '/', bad escape,
/// control character, raw or encoded backslash, encoded slash, or invalid UTF-8.
BASEHTTP_API std::optional<UrlPath> decode_url_path(std::string_view raw_path);

/// Whether `raw_path` is the one usual way to write its path: no "//" or dot segment, no escape of
/// an unreserved character, escapes in upper case. Other spellings are as good, but there are
/// endlessly many, so that a cache should not keep them. Expects what decode_url_path() accepts.
BASEHTTP_API bool has_usual_spelling(std::string_view raw_path);

/// For Location and href: keeps unreserved characters, '/', '@' and those of "!$()*+,;=", escapes
/// all others byte by byte. ':' is escaped, so that a file name is never taken for a scheme, and so
/// are the quotes and '&', so that the text is safe inside an HTML attribute. Several leading
/// slashes become one: the result can never name another host. An escaped text is not recognised:
/// its percent signs become "%25".
BASEHTTP_API std::string encode_url_path(std::string_view decoded);

/// Whether a segment begins with '.'. The first segment may be ".well-known" (RFC 8615), but not
/// the ones below it.
BASEHTTP_API bool is_hidden_path(std::string_view path);

/// ".html" of "/a/b.html", letters as they are; empty for "/a/b", "/a/.bashrc", "/a/b." and
/// "/a.b/".
BASEHTTP_API std::string_view path_extension(std::string_view path);

}  // namespace basehttp
