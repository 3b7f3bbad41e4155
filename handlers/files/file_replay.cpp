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
    whole_ = make_head(200, "OK");
    part_ = make_head(206, "Partial Content");
    not_modified_ = make_head(304, "Not Modified");
}

FileReplay::Head FileReplay::make_head(int status, std::string_view reason) const {
    Head head;
    head.before_date = "HTTP/1.1 " + std::to_string(status) + " ";
    head.before_date.append(reason).append("\r\n");
    if (!site_->server_header.empty())
        head.before_date.append("Server: ").append(site_->server_header).append("\r\n");
    head.before_date += "Date: ";
    head.after_date = "\r\n";
    const auto add = [&head](std::string_view name, std::string_view value) {
        head.after_date.append(name).append(": ").append(value).append("\r\n");
    };
    for (const auto& [name, value] : entity_fields(*entity_, status)) add(name, value);
    if (status == 200) add("Content-Length", std::to_string(entity_->size));
    if (status == 206) return head;  // the range and the site's fields follow
    for (const auto& [name, value] : site_->headers) add(name, value);
    return head;
}

std::size_t FileReplay::cost() const {
    std::size_t bytes =
        sizeof *this + sizeof *entity_ + (whole_.before_date.size() + whole_.after_date.size()) * 3;
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
            append_head(out, not_modified_);
            out.text += out.head_end;
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
    append_head(out, whole_);
    out.text += out.head_end;
    out.status = 200;
    if (head.method == "GET") append_content(out, 0, entity_->size);
}

void FileReplay::answer_range(const ByteRange& range, ReplayOutput& out) const {
    append_head(out, part_);
    out.text.append("Content-Range: ");
    append_content_range(out.text, range, entity_->size);
    out.text.append("\r\nContent-Length: ");
    append_number(out.text, range.length);
    out.text.append("\r\n");
    for (const auto& [name, value] : site_->headers)
        out.text.append(name).append(": ").append(value).append("\r\n");
    out.text.append(out.head_end);
    out.status = 206;
    append_content(out, range.first, range.length);
}

void FileReplay::append_head(ReplayOutput& out, const Head& head) {
    out.text.append(head.before_date).append(out.date).append(head.after_date);
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
