#include "handlers/files/file_entity.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "handlers/files/compress.hpp"
#include "handlers/http/accept.hpp"
#include "handlers/http/etag.hpp"
#include "handlers/http/preconditions.hpp"
#include "server/append_number.hpp"
#include "server/http_date.hpp"

namespace basehttp {
namespace {

constexpr Coding preference[] = {brotli, zstd, gzip};
constexpr std::size_t worth_compressing = 256;    // bytes
constexpr std::uint64_t hashed_file = 32u << 20;  // bytes; larger ones: tag of size and time
constexpr std::size_t quick_content = 64u << 10;  // bytes; more is not read and hashed on a loop
constexpr std::size_t hash_piece = 256u << 10;    // bytes; a change changes every large file's tag

/// Reproducible builds set times to 0 or 1: they tell nothing and must not be compared.
bool time_tells(const FileInfo& info) { return info.mtime > 1; }

/// What is in memory already.
bool read_without_waiting(int fd, std::string& out) {
    const iovec part{out.data(), out.size()};
    return ::preadv2(fd, &part, 1, 0, RWF_NOWAIT) == static_cast<ssize_t>(out.size());
}

/// Reads up to out.size() bytes; fewer at the end of the file or on an error.
std::size_t read_at(int fd, std::span<char> out, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t count =
            ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

/// The hash of bytes in memory: the same as that of a file with these bytes.
std::optional<std::uint64_t> hash_pieces(std::string_view bytes) {
    std::uint64_t hash = content_hash_seed;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), hash_piece)))
        hash = content_hash(bytes.substr(0, hash_piece), hash);
    return hash;
}

std::optional<std::uint64_t> hash_file(int fd, std::uint64_t size) {
    std::string piece(std::min<std::uint64_t>(size, hash_piece), '\0');
    std::uint64_t hash = content_hash_seed;
    for (std::uint64_t at = 0; at < size; at += hash_piece) {
        const std::size_t wanted = std::min<std::uint64_t>(size - at, hash_piece);
        if (read_at(fd, {piece.data(), wanted}, at) != wanted) return std::nullopt;
        hash = content_hash({piece.data(), wanted}, hash);
    }
    return hash;
}

/// The tag of a file comes from its content, so that it is the same on every replica; only that of
/// very large files from size and time of modification.
bool fill(FileEntity& entity, OpenedFile opened, std::size_t memory_file, std::string_view suffix,
          bool may_block = true) {
    entity.size = opened.info.size;
    if (time_tells(opened.info)) entity.last_modified = opened.info.mtime;
    if (!may_block && entity.size > std::min(memory_file, quick_content)) return false;
    if (entity.size <= memory_file) {
        entity.memory = std::string(entity.size, '\0');
        const bool whole = may_block ? read_at(opened.fd.get(), *entity.memory, 0) == entity.size
                                     : read_without_waiting(opened.fd.get(), *entity.memory);
        if (!whole) return false;
    }
    if (entity.size <= hashed_file || !time_tells(opened.info)) {
        const auto hash =
            entity.memory ? hash_pieces(*entity.memory) : hash_file(opened.fd.get(), entity.size);
        if (!hash) return false;
        entity.etag = make_content_etag(*hash, entity.size, suffix);
    } else {
        entity.etag = make_etag(entity.size, opened.info.mtime, opened.info.mtime_ns, suffix);
    }
    if (!entity.memory) entity.file = std::make_shared<const Fd>(std::move(opened.fd));
    return true;
}

/// Puts the best compressed form in place of the bytes; whether there was one.
bool compress_entity(FileEntity& entity, unsigned accepted) {
    for (const Coding coding : preference) {
        if ((accepted & coding) == 0) continue;
        std::optional<std::string> smaller = compress(*entity.memory, coding);
        if (!smaller) return false;
        entity.coding = coding_name(coding);
        entity.etag.back() = '-';  // was the closing quote
        entity.etag.append(entity.coding).append("\"");
        entity.size = smaller->size();
        entity.memory = std::move(smaller);
        return true;
    }
    return false;
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

std::shared_ptr<const FileEntity> choose_entity(const StaticSite& site, SiteLookup& lookup,
                                                Resource resource, std::string content_type,
                                                std::string_view accept_encoding) {
    auto entity = std::make_shared<FileEntity>();
    entity->content_type = std::move(content_type);
    entity->cache_control = site.cache_control_for(resource.path);
    const unsigned accepted = accepted_codings(accept_encoding);
    if (site.precompressed) {
        for (const Coding coding : preference) {
            OpenedFile sibling =
                lookup.open_file(resource.path + std::string(coding_extension(coding)));
            if (sibling.status != OpenStatus::ok) continue;
            entity->vary = true;
            if ((accepted & coding) == 0) continue;
            entity->coding = coding_name(coding);
            if (!fill(*entity, std::move(sibling), site.memory_file, entity->coding,
                      lookup.may_block()))
                return nullptr;
            return entity;
        }
    }
    if (!fill(*entity, std::move(resource.opened), site.memory_file, {}, lookup.may_block()))
        return nullptr;
    const std::string_view type = entity->content_type;
    if (site.compress && entity->memory && entity->size >= worth_compressing &&
        is_compressible(type.substr(0, type.find(';')))) {
        entity->vary = true;
        if (!lookup.may_block() && (accepted & (gzip | brotli | zstd)) != 0) return nullptr;
        compress_entity(*entity, accepted);
    }
    return entity;
}

std::shared_ptr<const FileEntity> make_entity(OpenedFile opened, std::string content_type,
                                              std::size_t memory_file) {
    auto entity = std::make_shared<FileEntity>();
    entity->content_type = std::move(content_type);
    return fill(*entity, std::move(opened), memory_file, {}) ? entity : nullptr;
}

FileAnswer decide_answer(const FileEntity& entity, const Headers& headers, bool is_get,
                         std::time_t now, unsigned max_ranges) {
    const auto if_match = headers.joined("If-Match");
    const auto if_unmodified_since = headers.joined("If-Unmodified-Since");
    const auto if_none_match = headers.joined("If-None-Match");
    const auto if_modified_since = headers.joined("If-Modified-Since");
    const auto if_range = headers.joined("If-Range");
    const PreconditionFields fields{view(if_match), view(if_unmodified_since), view(if_none_match),
                                    view(if_modified_since), view(if_range)};
    const Validators validators{entity.etag, entity.last_modified};
    switch (evaluate_preconditions(fields, validators, true)) {
        case PreconditionResult::not_modified:
            return {304, {}};
        case PreconditionResult::failed:
            return {412, {}};
        case PreconditionResult::proceed:
            break;
    }
    // RFC 9110 section 14.2: Range is defined for GET only.
    const auto range = headers.joined("Range");
    if (!is_get || !range || !range_applies(fields, validators, now)) return {200, {}};
    RangeResult result = parse_byte_ranges(*range, entity.size, max_ranges);
    if (result.outcome == RangeOutcome::ignore) return {200, {}};
    if (result.outcome == RangeOutcome::unsatisfiable) return {416, {}};
    return {206, std::move(result.ranges)};
}

HeaderList entity_fields(const FileEntity& entity, int status) {
    HeaderList fields;
    if (status != 304) {
        fields.emplace_back("Content-Type", entity.content_type);
        if (!entity.coding.empty()) fields.emplace_back("Content-Encoding", entity.coding);
    }
    if (entity.last_modified)
        fields.emplace_back("Last-Modified", format_http_date(*entity.last_modified));
    fields.emplace_back("ETag", entity.etag);
    if (status == 200) fields.emplace_back("Accept-Ranges", "bytes");
    if (entity.vary) fields.emplace_back("Vary", "Accept-Encoding");
    if (!entity.cache_control.empty()) fields.emplace_back("Cache-Control", entity.cache_control);
    return fields;
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
    std::string text;
    append_content_range(text, range, size);
    return text;
}

void append_content_range(std::string& out, const ByteRange& range, std::uint64_t size) {
    out.append("bytes ");
    append_number(out, range.first);
    out.append("-");
    append_number(out, range.first + range.length - 1);
    out.append("/");
    append_number(out, size);
}

Multipart make_multipart(const FileEntity& entity, const std::vector<ByteRange>& ranges) {
    // The tag's text cannot stand in the content by accident more likely than any random text.
    const std::string boundary =
        "basehttpd-" + entity.etag.substr(1, entity.etag.size() - 2) + "-part";
    Multipart multipart;
    multipart.content_type = "multipart/byteranges; boundary=" + boundary;
    for (const ByteRange& range : ranges) {
        multipart.part_heads.push_back(
            "\r\n--" + boundary + "\r\nContent-Type: " + entity.content_type +
            "\r\nContent-Range: " + content_range(range, entity.size) + "\r\n\r\n");
        multipart.length += multipart.part_heads.back().size() + range.length;
    }
    multipart.end = "\r\n--" + boundary + "--\r\n";
    multipart.length += multipart.end.size();
    return multipart;
}

}  // namespace basehttp
