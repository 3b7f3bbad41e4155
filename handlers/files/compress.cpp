#include "handlers/files/compress.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace basehttp {
namespace {

constexpr std::size_t max_body = std::size_t{1} << 30;  // zlib counts in 32 bits

// The encoders write into room for 95 % of the body; one that needs more has not saved enough and
// fails by itself.
constexpr std::size_t room_for(std::size_t body_size) { return body_size - body_size / 20 - 1; }

/// Bytes written to `out`, 0 when they do not fit.
std::size_t write_gzip(std::string_view body, std::string& out) {
    constexpr int level = 6;
    constexpr int window_bits = 15;
    constexpr int gzip_wrapper = 16;
    constexpr int memory_level = 8;
    z_stream stream{};
    if (::deflateInit2(&stream, level, Z_DEFLATED, window_bits + gzip_wrapper, memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, ::deflateEnd);
    gz_header header{};  // no time, no name
    header.os = 255;     // unknown
    ::deflateSetHeader(&stream, &header);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib only reads
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    return ::deflate(&stream, Z_FINISH) == Z_STREAM_END ? out.size() - stream.avail_out : 0;
}

std::size_t write_brotli(std::string_view body, std::string& out) {
    constexpr int quality = 5;
    std::size_t size = out.size();
    const auto ok =
        ::BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.size(),
                                reinterpret_cast<const std::uint8_t*>(body.data()), &size,
                                reinterpret_cast<std::uint8_t*>(out.data()));
    return ok == BROTLI_TRUE ? size : 0;
}

std::size_t write_zstd(std::string_view body, std::string& out) {
    constexpr int level = 7;  // its window is 2 MiB; RFC 9659 allows 8
    const std::size_t size =
        ::ZSTD_compress(out.data(), out.size(), body.data(), body.size(), level);
    return ::ZSTD_isError(size) != 0 ? 0 : size;
}

std::size_t write_coded(std::string_view body, Coding coding, std::string& out) {
    switch (coding) {
        case Coding::gzip:
            return write_gzip(body, out);
        case Coding::brotli:
            return write_brotli(body, out);
        case Coding::zstd:
            return write_zstd(body, out);
        default:
            return 0;
    }
}

}  // namespace

std::optional<std::string> compress(std::string_view body, Coding coding) {
    if (body.empty() || body.size() > max_body) return std::nullopt;
    std::string out(room_for(body.size()), '\0');
    const std::size_t size = write_coded(body, coding, out);
    if (size == 0) return std::nullopt;
    out.resize(size);
    out.shrink_to_fit();
    return out;
}

std::string_view coding_name(Coding coding) {
    switch (coding) {
        case Coding::gzip:
            return "gzip";
        case Coding::brotli:
            return "br";
        case Coding::zstd:
            return "zstd";
        default:
            return "identity";
    }
}

std::string_view coding_extension(Coding coding) {
    switch (coding) {
        case Coding::gzip:
            return ".gz";
        case Coding::brotli:
            return ".br";
        case Coding::zstd:
            return ".zst";
        default:
            return "";
    }
}

}  // namespace basehttp
