#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Entity tags (RFC 9110 section 8.8.3): making and comparing them. Pure functions.
namespace basehttp {

// A strong tag with its quotes from what every replica of a file agrees on, so without inode or
// device. `suffix` (letters and digits) tells the variants of one file apart: "br" gives "…-br".
// A file changed twice within the clock's granularity keeps its tag; the file system's nanoseconds
// make that unlikely.
std::string make_etag(std::uint64_t size, std::int64_t mtime_seconds, long mtime_nanoseconds,
                      std::string_view suffix = {});

// For files whose time says nothing (mtime 0 or 1, as reproducible builds leave it). Never equal to
// a tag of make_etag.
std::string make_content_etag(std::uint64_t hash64, std::uint64_t size,
                              std::string_view suffix = {});

constexpr std::uint64_t content_hash_seed = 0x6261736568747470;

// A well distributed 64-bit hash of the bytes, the same on every machine. NOT cryptographic:
// whoever may write the file can make collisions; they then only mislead caches about their own
// file. Large files go piece by piece with the last result as the next seed; the result then
// depends on where the pieces were cut, so cut at a fixed size.
std::uint64_t content_hash(std::span<const char> bytes, std::uint64_t seed = content_hash_seed);

// RFC 9110 section 8.8.3.2. The tags include their quotes and W/; an empty tag equals nothing.
bool etag_weak_equal(std::string_view a, std::string_view b);
bool etag_strong_equal(std::string_view a, std::string_view b);

// If-Match and If-None-Match: `field_value` is "*" (which matches any representation, even one
// without a tag) or a list of tags. A malformed list matches nothing, not even by its good members.
bool etag_list_matches(std::string_view field_value, std::string_view etag, bool strong);

}  // namespace basehttp
