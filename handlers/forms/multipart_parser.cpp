#include "handlers/forms/multipart_parser.hpp"

#include <algorithm>

#include "handlers/forms/part_header.hpp"

namespace basehttp {

void MultipartParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t used = take(bytes);
        position_ += used;
        bytes.remove_prefix(used);
    }
}

void MultipartParser::finish() const {
    if (state_ != State::epilogue && state_ != State::closing_padding)
        throw FormError(400, "The form ends before its closing delimiter");
}

/// Takes bytes up to a change of state, or all; at least one.
std::size_t MultipartParser::take(std::string_view bytes) {
    switch (state_) {
        case State::preamble:
        case State::content:
            return take_content(bytes);
        case State::header:
            return take_header(bytes);
        case State::epilogue:
            return bytes.size();
        default:
            end_delimiter(bytes[0]);
            return 1;
    }
}

void MultipartParser::end_delimiter(char c) {
    const bool blank = c == ' ' || c == '\t';
    if (state_ == State::delimiter && c == '-')
        state_ = State::closing;
    else if (state_ == State::closing && c == '-')
        state_ = State::closing_padding;
    else if ((state_ == State::delimiter || state_ == State::padding) && blank)
        state_ = State::padding;
    else if ((state_ == State::delimiter || state_ == State::padding) && c == '\r')
        state_ = State::line_end;
    else if (state_ == State::line_end && c == '\n')
        state_ = State::header;
    else if (state_ == State::closing_padding && c == '\r')
        state_ = State::closing_end;
    else if (state_ == State::closing_end && c == '\n')
        state_ = State::epilogue;
    else if (state_ != State::closing_padding || !blank)
        throw FormError(400, "A delimiter of the form does not end its line with CRLF");
}

std::size_t MultipartParser::take_header(std::string_view bytes) {
    const std::size_t line_feed = bytes.find('\n');
    const std::size_t used = std::min(line_feed, bytes.size() - 1) + 1;
    if (used > limits_.header_bytes - header_.size())
        throw FormError(413, "A part of the form has a header of too many bytes (limit: " +
                                 std::to_string(limits_.header_bytes) + ")");
    header_.append(bytes.substr(0, used));
    if (line_feed == bytes.npos) return used;
    if (!header_.ends_with("\r\n"))
        throw FormError(400, "A header in the form does not end its line with CRLF");
    if (header_.size() - line_begin_ == 2) {
        header_.resize(line_begin_);
        end_header(position_ + used);
    } else if (++lines_ > limits_.header_fields) {
        throw FormError(413, "A part of the form has too many header fields (limit: " +
                                 std::to_string(limits_.header_fields) + ")");
    }
    line_begin_ = header_.size();
    return used;
}

void MultipartParser::end_header(std::uint64_t offset) {
    FieldHead head = parse_part_header(header_);
    meter_.begin_field(head);
    sink_.begin_field(std::move(head), offset);
    header_.clear();
    lines_ = 0;
    state_ = State::content;
    // The delimiter may follow at once: the line end of the header is then that of the delimiter.
    matched_ = not_content_ = 2;
}

/// Looks for the delimiter. It has CR at its beginning only, so after a mismatch no earlier byte
/// can begin another one: every byte is looked at once, and nothing but a count is kept of bytes
/// that may turn out to be content.
std::size_t MultipartParser::take_content(std::string_view bytes) {
    const std::size_t carried = matched_;  // of earlier pieces
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (matched_ == 0) at = std::min(bytes.find('\r', at), bytes.size());
        if (at == bytes.size()) break;
        if (bytes[at] == delimiter_[matched_]) {
            ++at;
            if (++matched_ < delimiter_.size()) continue;
            put(bytes.substr(0, at - std::min(at, matched_)));
            if (state_ == State::content) sink_.end_field();
            state_ = State::delimiter;
            return at;
        }
        if (matched_ > at)
            put(std::string_view(delimiter_).substr(0, carried).substr(not_content_));
        not_content_ = 0;
        matched_ = 0;
    }
    put(bytes.substr(0, at - std::min(at, matched_)));
    return at;
}

void MultipartParser::put(std::string_view content) {
    if (state_ != State::content || content.empty()) return;
    meter_.add_content(content.size());
    sink_.content(content);
}

}  // namespace basehttp
