// What a reader of delimiters could be slow or greedy at.
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>

#include "handlers/forms/field_storage.hpp"
#include "handlers/forms/multipart_parser.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view part_head = "Content-Disposition: form-data; name=f; filename=n\r\n\r\n";

std::string repeated(std::string_view text, std::size_t size) {
    std::string all;
    while (all.size() + text.size() <= size) all += text;
    return all;
}

/// Compares content with what is expected, and counts how it comes.
struct CountingSink final : FieldSink {
    std::string_view expected;
    std::size_t size = 0, calls = 0, fields = 0;
    bool same = true;

    void begin_field(FieldHead, std::uint64_t) override { ++fields; }
    void content(std::string_view bytes) override {
        same = same && expected.substr(std::min(size, expected.size()), bytes.size()) == bytes;
        size += bytes.size();
        ++calls;
    }
    void end_field() override {}
};

/// The most memory that this process has had since reset_peak(), in bytes; 0: not known.
std::size_t peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        std::istringstream words(line);
        std::string name;
        std::size_t kib = 0;
        if (words >> name >> kib && name == "VmHWM:") return kib << 10;
    }
    return 0;
}

bool reset_peak() { return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << 5); }

}  // namespace

TEST_SUITE("multipart_hostile") {
    TEST_CASE("Content full of half delimiters is read in one go, piece by piece") {
        const std::string boundary(70, '-');
        const std::string almost = "\r\n--" + std::string(69, '-');
        for (const std::string& unit :
             {std::string("\r\n--"), std::string("\r"), std::string("\r\n"), std::string("-"),
              almost, almost + "\r", "\r" + almost, almost + "x",
              std::string("\r\n-\r\n--\r\r\n")}) {
            const std::string content = "x" + repeated(unit, 200'000);
            const std::string body = "--" + boundary + "\r\n" + std::string(part_head) + content +
                                     "\r\n--" + boundary + "--\r\n";
            for (const std::size_t piece : {std::size_t{1}, std::size_t{73}, std::size_t{4096}}) {
                CAPTURE(unit);
                CAPTURE(piece);
                CountingSink sink;
                sink.expected = content;
                MultipartParser parser(boundary, {}, sink);
                std::size_t pieces = 0;
                for (std::size_t at = 0; at < body.size(); at += piece, ++pieces)
                    parser.feed(std::string_view(body).substr(at, piece));
                parser.finish();
                CHECK(sink.fields == 1);
                CHECK(sink.size == content.size());
                CHECK(sink.same);
                // Not more often than what was kept back and what came.
                CHECK(sink.calls <= 2 * pieces);
            }
        }
    }

    TEST_CASE("A header that never ends is 413 as soon as it is too long") {
        CountingSink sink;
        MultipartParser parser("b", {}, sink);
        parser.feed("--b\r\nX: ");
        std::size_t fed = 3;
        const auto feed_all = [&] {
            for (;; fed += 100) parser.feed(std::string(100, 'x'));
        };
        CHECK_THROWS_AS(feed_all(), FormError);
        CHECK(fed <= FormLimits().header_bytes);
    }

    TEST_CASE("Parts without end are 413 at the limit of their number") {
        const std::string part = "--b\r\n" + std::string(part_head);
        const std::string body = repeated(part, 2'000'000);
        for (const FormLimits& limits : {FormLimits{.fields = 50}, FormLimits{.files = 50}}) {
            CountingSink sink;
            MultipartParser parser("b", limits, sink);
            CHECK_THROWS_AS(parser.feed(body), FormError);
            CHECK(sink.fields == 50);
            CHECK(parser.position() <= 51 * part.size());
        }
    }

    TEST_CASE("An upload of 64 MiB takes no memory and no second file") {
        constexpr std::size_t mib = 1 << 20;
#ifdef __SANITIZE_THREAD__
        constexpr std::size_t little_memory = 8 * mib;  // it keeps notes of what was touched
#else
        constexpr std::size_t little_memory = 4 * mib;
#endif
        TempDir directory;
        RequestBody body(64 << 10, directory.str());
        const std::string piece = repeated("line\r\n--\r\n", mib);
        REQUIRE(body.append("--b\r\n" + std::string(part_head)));
        for (int i = 0; i < 64; ++i) REQUIRE(body.append(piece));
        REQUIRE(body.append("\r\n--b--\r\n"));
        REQUIRE(body.file() != nullptr);
        if (!reset_peak() || peak_memory() == 0) {
            std::puts("SKIPPED: the kernel does not tell the peak of memory");
            return;
        }
        const std::size_t before = peak_memory();
        FieldStorage form(body, "multipart/form-data; boundary=b");
        CHECK(form["f"].size() == 64 * piece.size());
        CHECK(form["f"].file.readline() == "line\r\n");
        CHECK(form["f"].file.read(4) == "--\r\n");
        std::string out(mib, '\0');
        while (!form["f"].file.at_end()) REQUIRE(form["f"].file.readinto(out) > 0);
        form["f"].file.save((directory / "saved").string());
        CHECK(std::filesystem::file_size(directory / "saved") == 64 * piece.size());
        CHECK(peak_memory() - before < little_memory);
    }
}
