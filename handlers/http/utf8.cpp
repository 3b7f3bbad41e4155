#include "handlers/http/utf8.hpp"

namespace basehttp {
namespace {

// The bytes that may follow a lead byte: how many, and the bounds of the first of them. The bounds
// are what keeps out overlong forms, surrogates and numbers above U+10FFFF (RFC 3629 section 4).
struct Tail {
    std::size_t count;
    unsigned char low;
    unsigned char high;
};

Tail tail_of(unsigned char lead) {
    if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
    if (lead == 0xE0) return {2, 0xA0, 0xBF};
    if (lead == 0xED) return {2, 0x80, 0x9F};
    if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
    if (lead == 0xF0) return {3, 0x90, 0xBF};
    if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
    if (lead == 0xF4) return {3, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    if (byte(0) < 0x80) return 1;
    const Tail tail = tail_of(byte(0));
    if (tail.count == 0 || tail.count >= text.size() - at) return 0;
    if (byte(1) < tail.low || byte(1) > tail.high) return 0;
    for (std::size_t i = 2; i <= tail.count; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    return tail.count + 1;
}

bool is_valid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length_at(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

}  // namespace basehttp
