#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "server/http1/body_decoder.hpp"

namespace {

using basehttp::BodyDecoder;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

struct Outcome {
    BodyDecoder::Status status = BodyDecoder::Status::more;
    std::size_t consumed = 0;
    std::string content;
    std::size_t trailers = 0;
};

Outcome decode(BodyDecoder decoder, std::string_view text, std::size_t piece) {
    Outcome all;
    while (all.status == BodyDecoder::Status::more && all.consumed < text.size()) {
        const std::string_view next = text.substr(all.consumed, piece);
        const auto result = decoder.feed(next, [&](std::string_view bytes) {
            check(bytes.data() >= next.data() &&
                  bytes.data() + bytes.size() <= next.data() + next.size());
            all.content.append(bytes);
        });
        check(result.consumed <= next.size());
        if (result.status == BodyDecoder::Status::more) check(result.consumed == next.size());
        all.status = result.status;
        all.consumed += result.consumed;
    }
    all.trailers = decoder.trailers().size();
    return all;
}

/// However it is cut, a body comes to the same; never more content than allowed or than was there.
void check_decoder(const BodyDecoder& decoder, std::string_view text, std::uint64_t most,
                   std::size_t piece) {
    const Outcome whole = decode(decoder, text, std::max<std::size_t>(1, text.size()));
    const Outcome pieces = decode(decoder, text, piece);
    check(whole.status == pieces.status);
    check(whole.content == pieces.content);
    check(whole.content.size() <= most);
    check(whole.content.size() <= text.size());
    if (whole.status == BodyDecoder::Status::done) {
        check(whole.consumed == pieces.consumed);
        check(whole.trailers == pieces.trailers);
        // What follows the end changes nothing.
        const std::string longer = std::string(text.substr(0, whole.consumed)) + "0\r\n\r\nGET / ";
        const Outcome again = decode(decoder, longer, longer.size());
        check(again.status == whole.status && again.consumed == whole.consumed);
        check(again.content == whole.content);
    }
}

}  // namespace

// Two bytes of limit, one of piece size, then the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::uint64_t most = static_cast<std::uint64_t>(data[0]) << 8 | data[1];
    const std::size_t piece = 1 + data[2] % 64u;
    const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
    constexpr std::uint64_t plenty = std::numeric_limits<std::uint64_t>::max();
    check_decoder(BodyDecoder::chunked(plenty), text, plenty, piece);
    check_decoder(BodyDecoder::chunked(most), text, most, piece);
    check_decoder(BodyDecoder::fixed(most, plenty), text, most, piece);
    return 0;
}
