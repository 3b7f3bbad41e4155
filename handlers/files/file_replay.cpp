#include "handlers/files/file_replay.hpp"

#include <ctime>

#include "handlers/http/preconditions.hpp"
#include "server/append_number.hpp"

namespace basehttp {
namespace {

/// Smaller content is copied beside its header, so that one send carries both.
constexpr std::uint64_t copied_content = 24u << 10;  // bytes

/// A field that was sent, be it empty.
std::optional<std::string_view> sent(std::string_view field) {
    return field.data() != nullptr ? std::optional(field) : std::nullopt;
}

}  // namespace

FileReplay::FileReplay(std::shared_ptr<const StaticSite> site,
                       std::shared_ptr<const FileEntity> entity,
                       std::vector<SiteLookup::Probe> probes)
    : site_(std::move(site)),
      entity_(std::move(entity)),
      probes_(std::move(probes)),
      settled_(SiteLookup::settled(probes_, std::time(nullptr))) {
    if (!site_->server_header.empty()) server_line_ = "Server: " + site_->server_header + "\r\n";
    fields_200_ = make_fields(200);
    fields_206_ = make_fields(206);
    fields_304_ = make_fields(304);
}

std::string FileReplay::make_fields(int status) const {
    std::string text;
    const auto add = [&text](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\r\n");
    };
    for (const auto& [name, value] : entity_fields(*entity_, status)) add(name, value);
    if (status == 200) add("Content-Length", std::to_string(entity_->size));
    if (status == 206) return text;  // the range and the site's fields follow
    for (const auto& [name, value] : site_->headers) add(name, value);
    return text;
}

std::size_t FileReplay::cost() const {
    std::size_t bytes = sizeof *this + sizeof *entity_ + fields_200_.size() * 3;
    for (const SiteLookup::Probe& probe : probes_) bytes += sizeof probe + probe.path.size();
    return bytes + (entity_->memory ? entity_->memory->size() : 0);
}

bool FileReplay::answer(const RequestHead& head, ReplayOutput& out) const {
    if (head.conditional) return answer_conditionally(head, out);
    answer_whole(head, out);
    return true;
}

bool FileReplay::answer_conditionally(const RequestHead& head, ReplayOutput& out) const {
    const PreconditionFields fields{sent(head.if_match), sent(head.if_unmodified_since),
                                    sent(head.if_none_match), sent(head.if_modified_since),
                                    sent(head.if_range)};
    const Validators validators{entity_->etag, entity_->last_modified};
    switch (evaluate_preconditions(fields, validators, true)) {
        case PreconditionResult::failed:
            return false;
        case PreconditionResult::not_modified:
            append_head(out, "HTTP/1.1 304 Not Modified\r\n", fields_304_);
            out.text += "\r\n";
            out.status = 304;
            return true;
        case PreconditionResult::proceed:
            break;
    }
    const bool wants_range = head.method == "GET" && sent(head.range) && site_->max_ranges > 0;
    if (!wants_range || !range_applies(fields, validators, std::time(nullptr))) {
        answer_whole(head, out);
        return true;
    }
    if (const auto range = single_byte_range(head.range, entity_->size)) {
        answer_range(*range, out);
        return true;
    }
    const auto ranges = parse_byte_ranges(head.range, entity_->size, site_->max_ranges);
    if (ranges.outcome == RangeOutcome::ignore) answer_whole(head, out);
    return ranges.outcome == RangeOutcome::ignore;
}

void FileReplay::answer_whole(const RequestHead& head, ReplayOutput& out) const {
    append_head(out, "HTTP/1.1 200 OK\r\n", fields_200_);
    out.text += "\r\n";
    out.status = 200;
    if (head.method == "GET") append_content(out, 0, entity_->size);
}

void FileReplay::answer_range(const ByteRange& range, ReplayOutput& out) const {
    out.text.append("HTTP/1.1 206 Partial Content\r\n").append(server_line_);
    out.text.append("Date: ").append(out.date).append("\r\n").append(fields_206_);
    out.text.append("Content-Range: ");
    append_content_range(out.text, range, entity_->size);
    out.text.append("\r\nContent-Length: ");
    append_number(out.text, range.length);
    out.text.append("\r\n");
    for (const auto& [name, value] : site_->headers)
        out.text.append(name).append(": ").append(value).append("\r\n");
    out.text.append(out.connection_line).append("\r\n");
    out.status = 206;
    append_content(out, range.first, range.length);
}

void FileReplay::append_head(ReplayOutput& out, std::string_view status_line,
                             std::string_view fields) const {
    out.text.append(status_line).append(server_line_).append("Date: ").append(out.date);
    out.text.append("\r\n").append(fields).append(out.connection_line);
}

void FileReplay::append_content(ReplayOutput& out, std::uint64_t first,
                                std::uint64_t length) const {
    out.body_bytes = length;
    if (!entity_->memory) {
        out.file = entity_->file;
        out.file_offset = first;
        out.file_length = length;
        return;
    }
    const std::string_view content = std::string_view(*entity_->memory).substr(first, length);
    if (length <= copied_content)
        out.text.append(content);
    else
        out.body = content;
}

}  // namespace basehttp
