#include "handlers/files/compress.hpp"

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

constexpr std::array codings{Coding::gzip, Coding::brotli, Coding::zstd};

std::string gunzip(std::string_view data) {
    z_stream stream{};
    REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    std::string out;
    std::array<char, 65536> piece;
    int result = Z_OK;
    while (result == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        result = ::inflate(&stream, Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - stream.avail_out);
    }
    ::inflateEnd(&stream);
    REQUIRE(result == Z_STREAM_END);
    REQUIRE(stream.avail_in == 0);
    return out;
}

std::string unzstd(std::string_view data) {
    const auto size = ::ZSTD_getFrameContentSize(data.data(), data.size());
    REQUIRE(size < 1U << 30);
    std::string out(size, '\0');
    REQUIRE(::ZSTD_decompress(out.data(), out.size(), data.data(), data.size()) == size);
    return out;
}

/// By the brotli tool: the program links no decoder.
std::string unbrotli(std::string_view data) {
    const TempDir dir;
    const auto command = "brotli -dc '" + dir.write("body.br", data).string() + "'";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 65536> piece;
    while (const auto size = std::fread(piece.data(), 1, piece.size(), pipe)) {
        out.append(piece.data(), size);
    }
    REQUIRE(::pclose(pipe) == 0);
    return out;
}

std::string undone(std::string_view data, Coding coding) {
    if (coding == Coding::gzip) return gunzip(data);
    return coding == Coding::zstd ? unzstd(data) : unbrotli(data);
}

std::string noise(std::size_t size) {
    std::mt19937 random(1);
    std::string bytes;
    while (bytes.size() < size) bytes += static_cast<char>(random() & 0xff);
    return bytes;
}

std::string prose(std::size_t size) {
    constexpr std::array words{"server ", "client ", "request ", "reply ", "<p>", "header\n"};
    std::mt19937 random(1);
    std::string text;
    while (text.size() < size) text += words.at(random() % words.size());
    return text;
}

}  // namespace

TEST_SUITE("compress") {
    TEST_CASE("A compressed body decompresses to itself") {
        const std::array<std::string, 5> bodies{std::string(100, 'a'), prose(1000),
                                                prose(3'000'000), std::string(1'000'000, '\0'),
                                                prose(70'000) + noise(70'000)};
        for (const auto coding : codings) {
            CAPTURE(std::string(coding_name(coding)));
            for (const auto& body : bodies) {
                CAPTURE(body.size());
                const auto data = compress(body, coding);
                REQUIRE(data.has_value());
                CHECK(data->size() * 20 <= body.size() * 19);
                CHECK(undone(*data, coding) == body);
            }
        }
    }

    TEST_CASE("A body that saves less than 5 % is not compressed") {
        const std::array<std::string, 6> bodies{"",
                                                "a",
                                                "hello",
                                                noise(1000),
                                                noise(1'000'000),
                                                noise(98'000) + std::string(2000, 'a')};
        for (const auto coding : codings) {
            CAPTURE(std::string(coding_name(coding)));
            for (const auto& body : bodies) {
                CAPTURE(body.size());
                CHECK_FALSE(compress(body, coding).has_value());
            }
            CHECK(compress(noise(90'000) + std::string(10'000, 'a'), coding).has_value());
        }
    }

    TEST_CASE("The same body gives the same bytes") {
        const auto body = prose(100'000);
        for (const auto coding : codings) CHECK(compress(body, coding) == compress(body, coding));
    }

    TEST_CASE("The gzip header names no time, file or system") {
        const auto data = compress(prose(1000), Coding::gzip).value();
        CHECK(data.substr(0, 10) == std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
    }

    TEST_CASE("A mask is no coding") {
        CHECK_FALSE(compress(prose(1000), Coding::identity_refused).has_value());
        CHECK_FALSE(compress(prose(1000), static_cast<Coding>(3)).has_value());
    }

    TEST_CASE("A coding has a name and an extension") {
        CHECK(coding_name(Coding::gzip) == "gzip");
        CHECK(coding_name(Coding::brotli) == "br");
        CHECK(coding_name(Coding::zstd) == "zstd");
        CHECK(coding_extension(Coding::gzip) == ".gz");
        CHECK(coding_extension(Coding::brotli) == ".br");
        CHECK(coding_extension(Coding::zstd) == ".zst");
    }
}

}  // namespace basehttp
