#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "handlers/files/directory_listing.hpp"

namespace basehttp {

enum class ListingFormat : std::uint8_t {
    html,  ///< text/html; charset=utf-8
    json   ///< application/json: [{"name","type":"file"|"directory","size","mtime"}, ...]
};

/// The body of a listing, made piece by piece, so that 100,000 entries need no memory beyond their
/// names. Owned by one request, used by one thread at a time.
///
/// The page is complete HTML5 without script; links are relative, so it works behind a proxy that
/// serves the site under a prefix, but its URL must end in '/'. Names are shown as text whatever
/// they contain, with U+FFFD for bytes that are not UTF-8. Names that decode_url_path() refuses
/// (not UTF-8, control characters, a backslash) have no URL: shown without a link, left out of the
/// JSON. In JSON a directory has no size.
class ListingPage {
  public:
    /// Pieces are about this long; a long name may add a few kilobytes.
    static constexpr std::size_t piece_size = 32 * 1024;

    /// `decoded_path` is the URL path of the directory, "/" or "/a/b/".
    ListingPage(std::string_view decoded_path, DirectoryListing listing, ListingFormat format);

    /// The next piece of the body, valid until the next call; empty at the end.
    std::string_view next_piece();

  private:
    enum class Stage : std::uint8_t { head, entries, done };

    void write_head();
    void write_entry();
    void write_tail();

    std::string path_;
    DirectoryListing listing_;
    ListingFormat format_;
    Stage stage_ = Stage::head;
    std::size_t position_ = 0;
    std::string piece_;
};

/// Writes the whole body to `sink` in pieces; an exception of the sink ends it.
void write_listing(ListingPage& page, const std::function<void(std::string_view)>& sink);

/// A Content-Security-Policy under which the HTML page looks as meant and nothing else may load.
/// It names the hash of the page's style sheet (CSP level 2).
extern const std::string_view listing_content_security_policy;

}  // namespace basehttp
