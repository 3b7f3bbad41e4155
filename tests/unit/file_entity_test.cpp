#include "handlers/files/file_entity.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/http_date.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

std::shared_ptr<const FileEntity> entity_of(const StaticSite& site, const std::string& path,
                                            std::string_view accept = {}) {
    SiteLookup lookup(site);
    Resource resource = lookup.find(path);
    REQUIRE(resource.kind == Resource::Kind::file);
    return choose_entity(site, lookup, std::move(resource), site.content_type(path), accept);
}

void set_time(const std::filesystem::path& file, std::time_t time) {
    const timespec times[2] = {{time, 0}, {time, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

FileAnswer answer(const FileEntity& entity, const std::vector<HeaderField>& fields,
                  bool is_get = true, unsigned max_ranges = 16) {
    return decide_answer(entity, Headers(fields), is_get, 2'000'000'000, max_ranges);
}

std::string field(const FileEntity& entity, int status, std::string_view wanted) {
    for (const auto& [name, value] : entity_fields(entity, status))
        if (name == wanted) return value;
    return "";
}

}  // namespace

TEST_SUITE("file_entity") {
    TEST_CASE("Small files are held in memory and larger ones by a descriptor") {
        const TempDir root;
        root.write("small.txt", "12345");
        root.write("large.txt", "123456");
        StaticSite site(DocumentRoot::open(root.str()));
        site.memory_file = 5;
        const auto small = entity_of(site, "/small.txt");
        CHECK(small->memory == "12345");
        CHECK_FALSE(small->file);
        CHECK(small->size == 5);
        const auto large = entity_of(site, "/large.txt");
        CHECK_FALSE(large->memory);
        REQUIRE(large->file);
        CHECK(large->size == 6);
    }

    TEST_CASE("The tag depends on the content alone, held in memory or not") {
        const TempDir root;
        const std::string content(700'000, 'x');
        set_time(root.write("a.txt", content), 1'000'000'000);
        set_time(root.write("b.txt", content), 1'100'000'000);
        root.write("c.txt", std::string(699'999, 'x') + "y");
        StaticSite site(DocumentRoot::open(root.str()));
        site.compress = false;
        site.memory_file = 0;
        const std::string tag = entity_of(site, "/a.txt")->etag;
        CHECK(entity_of(site, "/b.txt")->etag == tag);
        CHECK(entity_of(site, "/c.txt")->etag != tag);
        site.memory_file = 1 << 20;
        CHECK(entity_of(site, "/a.txt")->etag == tag);
    }

    TEST_CASE("The tag of a very large file is its size and time") {
        const TempDir root;
        for (const char* name : {"a.bin", "b.bin", "later.bin", "longer.bin"}) {
            root.write(name, "");
            const off_t size = std::string_view(name) == "longer.bin" ? 41 << 20 : 40 << 20;
            REQUIRE(::truncate((root / name).c_str(), size) == 0);
            set_time(root / name,
                     std::string_view(name) == "later.bin" ? 1'000'000'001 : 1'000'000'000);
        }
        const StaticSite site(DocumentRoot::open(root.str()));
        const std::string tag = entity_of(site, "/a.bin")->etag;
        CHECK(entity_of(site, "/b.bin")->etag == tag);
        CHECK(entity_of(site, "/later.bin")->etag != tag);
        CHECK(entity_of(site, "/longer.bin")->etag != tag);
    }

    TEST_CASE("The best coding that the client accepts and that is there is chosen") {
        const TempDir root;
        root.write("a.js", "plain");
        root.write("a.js.gz", "GZIP");
        root.write("a.js.br", "BROTLI");
        const std::string text(2000, 't');
        root.write("fresh.txt", text);
        root.write("short.txt", "t");
        root.write("pixels.png", text);
        const StaticSite site(DocumentRoot::open(root.str()));
        const struct {
            const char* path;
            const char* accept;
            const char* coding;
            bool vary;
        } rows[] = {
            {"/a.js", "gzip, br", "br", true},    {"/a.js", "gzip", "gzip", true},
            {"/a.js", "zstd", "", true},          {"/a.js", "", "", true},
            {"/fresh.txt", "gzip", "gzip", true}, {"/fresh.txt", "zstd, gzip", "zstd", true},
            {"/fresh.txt", "br;q=0", "", true},   {"/fresh.txt", "", "", true},
            {"/short.txt", "gzip", "", false},    {"/pixels.png", "gzip", "", false},
        };
        for (const auto& row : rows) {
            CAPTURE(row.path);
            CAPTURE(row.accept);
            const auto entity = entity_of(site, row.path, row.accept);
            CHECK(entity->coding == row.coding);
            CHECK(entity->vary == row.vary);
            CHECK(entity->size == entity->memory->size());
            CHECK(entity->etag.front() == '"');
            CHECK(entity->etag.back() == '"');
            const std::string end = "-" + entity->coding + "\"";
            if (!entity->coding.empty()) CHECK(entity->etag.ends_with(end));
        }
    }

    TEST_CASE("A sibling that cannot be opened is passed over") {
        const TempDir root;
        root.write("a.js", "plain");
        root.mkdir("a.js.br");
        root.symlink("a.js.zst", "/etc/passwd");
        REQUIRE(::mkfifo((root / "a.js.gz").c_str(), 0600) == 0);
        const StaticSite site(DocumentRoot::open(root.str()));
        CHECK(entity_of(site, "/a.js", "gzip, br, zstd")->memory == "plain");
    }

    TEST_CASE("The answer follows conditions first and ranges second") {
        FileEntity entity;
        entity.etag = "\"tag\"";
        entity.last_modified = 1'000'000'000;
        entity.size = 100;
        const std::string date = format_http_date(1'000'000'000);
        const std::string before = format_http_date(999'999'999);
        const struct {
            std::vector<HeaderField> fields;
            int status;
            std::size_t ranges;
        } rows[] = {
            {{}, 200, 0},
            {{{"if-none-match", "\"tag\""}}, 304, 0},
            {{{"If-Modified-Since", date}}, 304, 0},
            {{{"If-Match", "\"x\""}}, 412, 0},
            {{{"If-Unmodified-Since", before}}, 412, 0},
            {{{"Range", "bytes=0-9"}}, 206, 1},
            {{{"Range", "bytes=0-9,20-29,90-"}}, 206, 3},
            {{{"Range", "bytes=0-9"}, {"Range", "bytes=20-29"}}, 200, 0},
            {{{"Range", "bytes=100-"}}, 416, 0},
            {{{"Range", "bytes=0-9"}, {"If-Range", "\"tag\""}}, 206, 1},
            {{{"Range", "bytes=0-9"}, {"If-Range", "\"x\""}}, 200, 0},
            {{{"Range", "bytes=0-9"}, {"If-Range", date}}, 206, 1},
            {{{"Range", "bytes=0-9"}, {"If-Range", before}}, 200, 0},
            {{{"Range", "bytes=0-9"}, {"If-None-Match", "\"tag\""}}, 304, 0},
            {{{"Range", "bytes=100-"}, {"If-Match", "\"x\""}}, 412, 0},
        };
        for (const auto& row : rows) {
            std::string shown;
            for (const HeaderField& f : row.fields)
                shown.append(f.name).append(": ").append(f.value).append("; ");
            CAPTURE(shown);
            const FileAnswer decided = answer(entity, row.fields);
            CHECK(decided.status == row.status);
            CHECK(decided.ranges.size() == row.ranges);
        }
        CHECK(answer(entity, {{"Range", "bytes=0-9"}}, false).status == 200);
        CHECK(answer(entity, {{"Range", "bytes=0-9,20-29"}}, true, 1).status == 200);
    }

    TEST_CASE("A 304 repeats what a 200 says of the file, but not its content's fields") {
        FileEntity entity;
        entity.content_type = "text/plain";
        entity.coding = "gzip";
        entity.etag = "\"tag\"";
        entity.last_modified = 1'000'000'000;
        entity.cache_control = "no-cache";
        entity.vary = true;
        for (const int status : {200, 206, 304}) {
            CAPTURE(status);
            const bool has_content = status != 304;
            CHECK(field(entity, status, "ETag") == "\"tag\"");
            CHECK(field(entity, status, "Last-Modified") == "Sun, 09 Sep 2001 01:46:40 GMT");
            CHECK(field(entity, status, "Cache-Control") == "no-cache");
            CHECK(field(entity, status, "Vary") == "Accept-Encoding");
            CHECK(field(entity, status, "Content-Type") == (has_content ? "text/plain" : ""));
            CHECK(field(entity, status, "Content-Encoding") == (has_content ? "gzip" : ""));
        }
    }

    TEST_CASE("The parts of a multipart answer add up to its length") {
        FileEntity entity;
        entity.content_type = "text/plain";
        entity.etag = "\"abc\"";
        entity.size = 1000;
        const std::vector<ByteRange> ranges{{0, 10}, {990, 10}};
        const Multipart multipart = make_multipart(entity, ranges);
        REQUIRE(multipart.part_heads.size() == 2);
        const std::string type = "multipart/byteranges; boundary=";
        REQUIRE(multipart.content_type.starts_with(type));
        const std::string boundary = multipart.content_type.substr(type.size());
        CHECK(multipart.part_heads[1] == "\r\n--" + boundary +
                                             "\r\nContent-Type: text/plain\r\n"
                                             "Content-Range: bytes 990-999/1000\r\n\r\n");
        CHECK(multipart.end == "\r\n--" + boundary + "--\r\n");
        CHECK(multipart.length == multipart.part_heads[0].size() + multipart.part_heads[1].size() +
                                      multipart.end.size() + 20);
        CHECK(content_range({0, 1}, 5) == "bytes 0-0/5");
    }
}
