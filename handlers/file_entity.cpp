#include "handlers/file_entity.hpp"

#include <unistd.h>

#include <cerrno>

#include "handlers/accept.hpp"
#include "handlers/compress.hpp"
#include "handlers/etag.hpp"
#include "handlers/preconditions.hpp"
#include "server/http_date.hpp"

namespace basehttp {
namespace {

constexpr Coding preference[] = {brotli, zstd, gzip};
constexpr std::size_t worth_compressing = 256;  // bytes
constexpr std::uint64_t hashed_file = 1u << 20;  // bytes; larger files get a tag from size and time

std::optional<std::string> read_whole(int fd, std::uint64_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count =
            ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

/// Reproducible builds set times to 0 or 1: they tell nothing and must not be compared.
bool time_tells(const FileInfo& info) { return info.mtime > 1; }

/// The tag of a file is the same on every replica: from its content, or, for large files, from
/// size and time of modification.
std::string tag_of(const FileInfo& info, const std::string* bytes, std::string_view suffix) {
    if (bytes != nullptr) return make_content_etag(content_hash(*bytes), info.size, suffix);
    return make_etag(info.size, info.mtime, info.mtime_ns, suffix);
}

bool fill(FileEntity& entity, OpenedFile opened, std::size_t memory_file, std::string_view suffix) {
    entity.size = opened.info.size;
    if (time_tells(opened.info)) entity.last_modified = opened.info.mtime;
    std::optional<std::string> bytes;
    if (entity.size <= std::max<std::uint64_t>(hashed_file, memory_file)) {
        bytes = read_whole(opened.fd.get(), entity.size);
        if (!bytes) return false;
    }
    entity.etag = tag_of(opened.info, bytes ? &*bytes : nullptr, suffix);
    if (bytes && entity.size <= memory_file)
        entity.memory = std::move(bytes);
    else
        entity.file = std::make_shared<const Fd>(std::move(opened.fd));
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
            if (!fill(*entity, std::move(sibling), site.memory_file, entity->coding)) return nullptr;
            return entity;
        }
    }
    if (!fill(*entity, std::move(resource.opened), site.memory_file, {})) return nullptr;
    const std::string_view type = entity->content_type;
    if (site.compress && entity->memory && entity->size >= worth_compressing &&
        is_compressible(type.substr(0, type.find(';')))) {
        entity->vary = true;
        compress_entity(*entity, accepted);
    }
    return entity;
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
        case PreconditionResult::not_modified: return {304, {}};
        case PreconditionResult::failed: return {412, {}};
        case PreconditionResult::proceed: break;
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
    return "bytes " + std::to_string(range.first) + "-" +
           std::to_string(range.first + range.length - 1) + "/" + std::to_string(size);
}

Multipart make_multipart(const FileEntity& entity, const std::vector<ByteRange>& ranges) {
    // The tag's text cannot stand in the content by accident more likely than any random text.
    const std::string boundary =
        "basehttpd-" + entity.etag.substr(1, entity.etag.size() - 2) + "-part";
    Multipart multipart;
    multipart.content_type = "multipart/byteranges; boundary=" + boundary;
    for (const ByteRange& range : ranges) {
        multipart.part_heads.push_back("\r\n--" + boundary + "\r\nContent-Type: " +
                                       entity.content_type + "\r\nContent-Range: " +
                                       content_range(range, entity.size) + "\r\n\r\n");
        multipart.length += multipart.part_heads.back().size() + range.length;
    }
    multipart.end = "\r\n--" + boundary + "--\r\n";
    multipart.length += multipart.end.size();
    return multipart;
}

}  // namespace basehttp
