#include "handlers/http/etag.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

#include "handlers/http/ascii.hpp"

namespace basehttp {
namespace {

void append_base36(std::string& text, std::uint64_t number) {
    char digits[13];  // 36^13 is more than 2^64
    std::size_t begin = sizeof digits;
    do {
        digits[--begin] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
        number /= 36;
    } while (number > 0);
    text.append(digits + begin, sizeof digits - begin);
}

void finish_tag(std::string& text, std::uint64_t size, std::string_view suffix) {
    text.push_back('-');
    append_base36(text, size);
    if (!suffix.empty()) text.append("-").append(suffix);
    text.push_back('"');
}

// At most eight bytes, as a little-endian number on every machine.
std::uint64_t load_little_endian(const char* bytes, std::size_t count) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, count);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

// Odd numbers with about as many ones as zeros: multiplying by them can be undone, so that no
// information is lost before the last step.
constexpr std::uint64_t odd_a = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
constexpr std::uint64_t odd_b = 0xB7E151628AED2A6B;  // digits of e
constexpr std::uint64_t odd_c = 0xC90FDAA22168C235;  // digits of pi

constexpr std::uint64_t stir(std::uint64_t hash, std::uint64_t word) {
    word *= odd_a;
    word ^= word >> 32;
    return (std::rotl(hash, 29) ^ word) * odd_b;
}

constexpr std::uint64_t finish_hash(std::uint64_t hash) {
    hash ^= hash >> 32;
    hash *= odd_c;
    hash ^= hash >> 29;
    hash *= odd_a;
    return hash ^ (hash >> 32);
}

bool is_weak(std::string_view tag) { return tag.starts_with("W/"); }
std::string_view opaque_part(std::string_view tag) { return is_weak(tag) ? tag.substr(2) : tag; }

bool is_tag_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Takes the entity tag at the front; empty when there is none.
std::string_view take_tag(std::string_view& text) {
    const std::size_t open = is_weak(text) ? 2 : 0;
    if (text.size() <= open || text[open] != '"') return {};
    std::size_t close = open + 1;
    while (close < text.size() && is_tag_character(text[close])) ++close;
    if (close == text.size() || text[close] != '"') return {};
    const std::string_view tag = text.substr(0, close + 1);
    text.remove_prefix(close + 1);
    return tag;
}

}  // namespace

std::string make_etag(std::uint64_t size, std::int64_t mtime_seconds, long mtime_nanoseconds,
                      std::string_view suffix) {
    std::string text;
    text.reserve(40);
    text.push_back('"');
    append_base36(text, static_cast<std::uint64_t>(mtime_seconds));
    if (mtime_nanoseconds != 0) {
        text.push_back('.');
        append_base36(text, static_cast<std::uint64_t>(mtime_nanoseconds));
    }
    finish_tag(text, size, suffix);
    return text;
}

std::string make_content_etag(std::uint64_t hash64, std::uint64_t size, std::string_view suffix) {
    std::string text;
    text.reserve(40);
    text.append("\"_");
    append_base36(text, hash64);
    finish_tag(text, size, suffix);
    return text;
}

std::uint64_t content_hash(std::span<const char> bytes, std::uint64_t seed) {
    std::uint64_t hash = seed;
    const std::size_t whole = bytes.size() / 8 * 8;
    for (std::size_t i = 0; i < whole; i += 8) {
        hash = stir(hash, load_little_endian(bytes.data() + i, 8));
    }
    const std::size_t left = bytes.size() - whole;
    if (left > 0) hash = stir(hash, load_little_endian(bytes.data() + whole, left));
    hash = stir(hash, bytes.size());  // tells "a" from "a\0"
    return finish_hash(hash);
}

bool etag_weak_equal(std::string_view a, std::string_view b) {
    return !a.empty() && opaque_part(a) == opaque_part(b);
}

bool etag_strong_equal(std::string_view a, std::string_view b) {
    return !a.empty() && a == b && !is_weak(a);
}

bool etag_list_matches(std::string_view field_value, std::string_view etag, bool strong) {
    field_value = trim_blanks(field_value);
    if (field_value == "*") return true;

    bool matches = false;
    while (!field_value.empty()) {
        if (field_value.front() != ',') {
            const std::string_view tag = take_tag(field_value);
            if (tag.empty()) return false;
            matches |= strong ? etag_strong_equal(tag, etag) : etag_weak_equal(tag, etag);
            field_value = trim_blanks(field_value);
            if (!field_value.empty() && field_value.front() != ',') return false;
        }
        if (!field_value.empty()) field_value.remove_prefix(1);
        field_value = trim_blanks(field_value);
    }
    return matches;
}

}  // namespace basehttp
