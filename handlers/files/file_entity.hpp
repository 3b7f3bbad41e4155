// The representation of a file that was chosen for a request: its bytes and what is said of them.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/files/site_lookup.hpp"
#include "handlers/headers.hpp"
#include "handlers/http/byte_ranges.hpp"

namespace basehttp {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Immutable; shared by answers in progress and the cache.
struct FileEntity {
    std::string content_type;
    std::string coding;  ///< Content-Encoding, empty for none
    std::string etag;
    std::optional<std::time_t> last_modified;
    std::string cache_control;
    bool vary = false;  ///< The choice depended on Accept-Encoding.
    std::uint64_t size = 0;
    std::optional<std::string> memory;  ///< The bytes, or
    std::shared_ptr<const Fd> file;     ///< where they are.
};

/// Chooses among FILE, its precompressed siblings and compression on the fly (RFC 9110 section
/// 12.5.3) and reads small files. `content_type` is that of the file itself. nullptr: reading
/// failed, or it shrank meanwhile; with a look-up that may not block also when this would, by
/// reading from disk, or by compressing or reading much.
std::shared_ptr<const FileEntity> choose_entity(const StaticSite& site, SiteLookup& lookup,
                                                Resource resource, std::string content_type,
                                                std::string_view accept_encoding);

/// The file itself as the only representation; up to `memory_file` bytes of it are read. nullptr as
/// above.
std::shared_ptr<const FileEntity> make_entity(OpenedFile opened, std::string content_type,
                                              std::size_t memory_file);

/// How to answer a request for an entity: 200, 206, 304, 412 or 416 (RFC 9110 sections 13 and 14).
struct FileAnswer {
    int status = 200;
    std::vector<ByteRange> ranges;  ///< 206 only
};
FileAnswer decide_answer(const FileEntity& entity, const Headers& headers, bool is_get,
                         std::time_t now, unsigned max_ranges);

/// The header fields that describe the entity in a 200, 206 or 304 answer, without those of the
/// length and range.
HeaderList entity_fields(const FileEntity& entity, int status);
/// "bytes 0-9/100"
std::string content_range(const ByteRange& range, std::uint64_t size);
void append_content_range(std::string& out, const ByteRange& range, std::uint64_t size);

/// The parts of a multipart/byteranges answer (RFC 9110 section 14.6).
struct Multipart {
    std::string content_type;
    std::vector<std::string> part_heads;  ///< Before each range.
    std::string end;                      ///< After the last one.
    std::uint64_t length = 0;             ///< Of the whole content.
};
Multipart make_multipart(const FileEntity& entity, const std::vector<ByteRange>& ranges);

}  // namespace basehttp
