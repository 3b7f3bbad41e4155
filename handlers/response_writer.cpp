#include "handlers/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace basehttp {
namespace {

std::string chunk_head(std::uint64_t size) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

/// How many of so many bytes of content may be sent.
std::uint64_t ResponseWriter::admit(std::uint64_t bytes) {
    if (framing_ == Framing::none || refused_) return 0;
    if (framing_ == Framing::counted) {
        excess_ += bytes - std::min(bytes, left_);
        bytes = std::min(bytes, left_);
        left_ -= bytes;
    }
    if (framing_ == Framing::raw)
        raw_bytes_ += bytes;
    else
        body_bytes_ += bytes;
    return bytes;
}

void ResponseWriter::write(std::string_view bytes) {
    bytes = bytes.substr(0, admit(bytes.size()));
    content_.append(bytes);
    if (content_.size() >= gather) push_buffer();
}

void ResponseWriter::write_shared(std::shared_ptr<const void> owner, std::string_view bytes) {
    constexpr std::size_t worth_sharing = 4096;
    if (bytes.size() < worth_sharing) return write(bytes);
    bytes = bytes.substr(0, admit(bytes.size()));
    push_segment(Segment::shared(std::move(owner), bytes));
}

void ResponseWriter::send_file(std::shared_ptr<const Fd> file, std::uint64_t offset,
                               std::uint64_t length) {
    push_segment(Segment::region(std::move(file), offset, admit(length)));
}

void ResponseWriter::push_segment(Segment segment) {
    if (segment.length == 0) return;
    push_buffer();
    const bool chunked = framing_ == Framing::chunked;
    if (chunked) outbox_.push(Segment::bytes(chunk_head(segment.length)));
    outbox_.push(std::move(segment));
    if (chunked) head_ += "\r\n";
}

void ResponseWriter::push_buffer() {
    if (content_.empty() && head_.empty()) return;
    std::string text = std::move(head_);
    head_.clear();
    if (framing_ == Framing::chunked && !content_.empty()) {
        text += chunk_head(content_.size());
        text += content_;
        text += "\r\n";
    } else {
        text += content_;
    }
    content_.clear();
    outbox_.push(Segment::bytes(std::move(text)));
}

void ResponseWriter::flush() {
    push_buffer();
    outbox_.flush();
}

void ResponseWriter::begin_body(std::string_view head, Framing framing, std::uint64_t length) {
    push_buffer();  // what was written raw
    head_.append(head);
    if (framing == Framing::raw) raw_bytes_ += head.size();
    framing_ = framing;
    left_ = framing == Framing::counted ? length : 0;
}

void ResponseWriter::send_interim(std::string_view head) {
    head_.append(head);
    flush();
}

bool ResponseWriter::end() {
    push_buffer();
    if (abandoned_) return false;
    if (framing_ == Framing::chunked && !std::exchange(ended_, true))
        outbox_.push(Segment::bytes("0\r\n\r\n"));
    return framing_ != Framing::raw && framing_ != Framing::until_close && left_ == 0;
}

}  // namespace basehttp
