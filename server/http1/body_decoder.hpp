// The framing of an HTTP/1 request body: fixed length or chunked (RFC 9112 sections 6 and 7.1).
// Feeds on pieces of any size, keeps no bytes but those of a trailer line, never reads past the end
// of the body.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basehttp {

class BodyDecoder {
  public:
    enum class Status : std::uint8_t { more, done, bad, too_large };
    struct Result {
        Status status;
        std::size_t consumed;  ///< Bytes of the input that belong to this body.
        const char* reason = "";
    };

    static BodyDecoder fixed(std::uint64_t length, std::uint64_t most);
    static BodyDecoder chunked(std::uint64_t most);

    /// Decodes `input` and hands content to `sink` in views of it.
    Result feed(std::string_view input, const std::function<void(std::string_view)>& sink);
    /// Bytes that a fixed body still has to bring; 0 for a chunked one, which cannot know.
    std::uint64_t remaining() const { return is_chunked_ ? 0 : left_; }
    bool is_chunked() const { return is_chunked_; }
    const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

    static constexpr std::size_t line_limit = 4096;       ///< bytes of a size line or trailer line
    static constexpr std::size_t overhead_limit = 65536;  ///< bytes of extensions and trailers

  private:
    enum class State : std::uint8_t { data, size_line, data_end, trailer, done };

    Result feed_chunked(std::string_view input, const std::function<void(std::string_view)>& sink);
    bool take_line(std::string_view& input, Result& result);
    const char* parse_size_line();
    const char* parse_trailer();

    bool is_chunked_ = false;
    State state_ = State::data;
    std::uint64_t left_ = 0;  // of the body or of the chunk
    std::uint64_t most_ = 0;  // content still allowed
    std::string line_;        // a size or trailer line that came in pieces
    std::size_t overhead_ = 0;
    std::vector<std::pair<std::string, std::string>> trailers_;
};

}  // namespace basehttp
