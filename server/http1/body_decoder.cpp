#include "server/http1/body_decoder.hpp"

#include <algorithm>

#include "server/http1/characters.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {
namespace {

using Sink = std::function<void(std::string_view)>;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_field_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return characters::is(c, characters::field); });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

BodyDecoder BodyDecoder::fixed(std::uint64_t length, std::uint64_t most) {
    BodyDecoder decoder;
    decoder.left_ = length;
    decoder.most_ = most;
    if (length == 0) decoder.state_ = State::done;
    return decoder;
}

BodyDecoder BodyDecoder::chunked(std::uint64_t most) {
    BodyDecoder decoder;
    decoder.is_chunked_ = true;
    decoder.state_ = State::size_line;
    decoder.most_ = most;
    return decoder;
}

BodyDecoder::Result BodyDecoder::feed(std::string_view input, const Sink& sink) {
    if (state_ == State::done) return {Status::done, 0};
    if (is_chunked_) return feed_chunked(input, sink);
    if (left_ > most_) return {Status::too_large, 0, "Request body too large"};
    const std::size_t count = std::min<std::uint64_t>(input.size(), left_);
    if (count > 0) sink(input.substr(0, count));
    left_ -= count;
    most_ -= count;
    if (left_ == 0) state_ = State::done;
    return {left_ == 0 ? Status::done : Status::more, count};
}

BodyDecoder::Result BodyDecoder::feed_chunked(std::string_view input, const Sink& sink) {
    const std::size_t total = input.size();
    const auto bad = [&](const char* reason) {
        return Result{Status::bad, total - input.size(), reason};
    };
    Result result{Status::more, 0};
    while (!input.empty()) {
        if (state_ == State::data) {
            const std::size_t count = std::min<std::uint64_t>(input.size(), left_);
            sink(input.substr(0, count));
            input.remove_prefix(count);
            left_ -= count;
            if (left_ == 0) state_ = State::data_end;
            continue;
        }
        if (!take_line(input, result)) {
            result.consumed = total - input.size();
            return result;
        }
        const char* error = nullptr;
        if (state_ == State::data_end) {
            if (!line_.empty()) error = "Chunk longer than its size";
            state_ = State::size_line;
        } else if (state_ == State::size_line) {
            error = parse_size_line();
            if (error == nullptr && left_ > most_)
                return {Status::too_large, total - input.size(), "Request body too large"};
            if (error == nullptr) most_ -= left_;
        } else {
            error = parse_trailer();
        }
        line_.clear();
        if (error != nullptr) return bad(error);
        if (state_ == State::done) return {Status::done, total - input.size()};
    }
    result.consumed = total;
    return result;
}

/// Completes line_ (without CRLF) from the input. False: more input is needed, or `result` says
/// bad.
bool BodyDecoder::take_line(std::string_view& input, Result& result) {
    const std::size_t limit = state_ == State::data_end ? 2 : line_limit;
    const std::size_t end = input.find('\n');
    const std::size_t count = end == std::string_view::npos ? input.size() : end + 1;
    const auto fail = [&](const char* reason) {
        result = {Status::bad, 0, reason};
        return false;
    };
    if (line_.size() + count > limit)
        return fail(state_ == State::data_end ? "Chunk longer than its size"
                                              : "Chunk or trailer line too long");
    line_.append(input.substr(0, count));
    input.remove_prefix(count);
    // Complain at once: a byte that cannot be right must not make the sender wait for an answer.
    const std::size_t cr = line_.find('\r');
    if (state_ == State::data_end && line_[0] != '\r') return fail("Chunk longer than its size");
    if (cr != std::string::npos && cr + 2 < line_.size()) return fail("Bare CR in chunked body");
    if (end == std::string_view::npos) {
        if (cr != std::string::npos && cr + 1 < line_.size())
            return fail("Bare CR in chunked body");
        return false;
    }
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return fail("Bare LF in chunked body");
    line_.resize(line_.size() - 2);
    return true;
}

/// chunk-size [ chunk-ext ]; white space only before a ";" (RFC 9112 section 7.1.1).
const char* BodyDecoder::parse_size_line() {
    std::size_t at = 0;
    std::uint64_t size = 0;
    for (int digit = 0; at < line_.size() && (digit = hex_value(line_[at])) >= 0; ++at) {
        if (at >= 16) return "Chunk size too long";
        size = size * 16 + static_cast<std::uint64_t>(digit);
    }
    if (at == 0) return "Bad chunk size";
    const std::size_t size_end = at;
    while (at < line_.size() && is_blank(line_[at])) ++at;
    if (at < line_.size() && line_[at] != ';') return "Bad chunk size";
    if (at == line_.size() && at != size_end) return "Bad chunk size";
    if (!is_field_text(std::string_view(line_).substr(at))) return "Bad chunk extension";
    overhead_ += line_.size() - size_end;
    if (overhead_ > overhead_limit) return "Too many chunk extensions";
    left_ = size;
    state_ = size == 0 ? State::trailer : State::data;
    return nullptr;
}

const char* BodyDecoder::parse_trailer() {
    if (line_.empty()) {
        state_ = State::done;
        return nullptr;
    }
    overhead_ += line_.size();
    if (overhead_ > overhead_limit) return "Too many trailer fields";
    const std::size_t colon = line_.find(':');
    if (colon == std::string::npos || !is_token(std::string_view(line_).substr(0, colon)))
        return "Bad trailer field";
    std::string_view value = std::string_view(line_).substr(colon + 1);
    if (!is_field_text(value)) return "Bad trailer field";
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    trailers_.emplace_back(line_.substr(0, colon), value);
    return nullptr;
}

}  // namespace basehttp
