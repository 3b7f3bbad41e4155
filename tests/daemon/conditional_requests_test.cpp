// Validators, preconditions (RFC 9110 section 13) and ranges (section 14) on the wire.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view past = "Sat, 01 Jan 2000 00:00:00 GMT";
constexpr std::string_view modified = "Mon, 01 Jan 2001 00:00:00 GMT";
constexpr std::string_view later = "Tue, 01 Jan 2002 00:00:00 GMT";
constexpr std::time_t modified_time = 978307200;

void set_time(const std::filesystem::path& file, std::time_t time) {
    const timespec times[2] = {{time, 0}, {time, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

/// $TAG in a value becomes the tag.
Fields with_tag(Fields fields, const std::string& tag) {
    for (auto& [name, value] : fields)
        if (const auto at = value.find("$TAG"); at != std::string::npos) value.replace(at, 4, tag);
    return fields;
}

std::string text(std::string_view view) { return std::string(view); }

}  // namespace

TEST_SUITE("daemon conditions") {
    TEST_CASE("Replicas of a file have the same strong tag, and other content another") {
        const TempDir one;
        const TempDir two;
        const std::string big(2 << 20, 'b');  // too large for a tag from its content
        for (const TempDir* site : {&one, &two}) {
            site->write("file.txt", "same");
            set_time(site->write("big.bin", big), modified_time);
        }
        two.write("file2.txt", "else");
        set_time(two / "file.txt", modified_time);  // the time does not matter
        const Daemon first({.root = one.str()});
        const Daemon second({.root = two.str()});
        for (const char* target : {"/file.txt", "/big.bin"}) {
            CAPTURE(target);
            const std::string tag = first.get(target).get("ETag");
            CHECK(tag.size() > 4);
            CHECK(tag.front() == '"');
            CHECK(tag.back() == '"');
            CHECK(second.get(target).get("ETag") == tag);
        }
        CHECK(second.get("/file2.txt").get("ETag") != second.get("/file.txt").get("ETag"));
    }

    TEST_CASE("Preconditions are evaluated in the order of the RFC") {
        const TempDir site;
        set_time(site.write("file.txt", "0123456789"), modified_time);
        const Daemon daemon({.root = site.str()});
        const std::string tag = daemon.get("/file.txt").get("ETag");
        CHECK(daemon.get("/file.txt").get("Last-Modified") == modified);
        const struct {
            Fields fields;
            int status;
        } rows[] = {
            {{{"If-Match", "$TAG"}}, 200},
            {{{"If-Match", "*"}}, 200},
            {{{"If-Match", "\"other\", $TAG"}}, 200},
            {{{"If-Match", "\"other\""}}, 412},
            {{{"If-Match", "W/$TAG"}}, 412},
            {{{"If-Unmodified-Since", text(past)}}, 412},
            {{{"If-Unmodified-Since", text(modified)}}, 200},
            {{{"If-Unmodified-Since", text(later)}}, 200},
            {{{"If-Unmodified-Since", "nonsense"}}, 200},
            // If-Match wins over If-Unmodified-Since.
            {{{"If-Match", "$TAG"}, {"If-Unmodified-Since", text(past)}}, 200},
            {{{"If-Match", "\"other\""}, {"If-Unmodified-Since", text(later)}}, 412},
            {{{"If-None-Match", "$TAG"}}, 304},
            {{{"If-None-Match", "W/$TAG"}}, 304},
            {{{"If-None-Match", "\"other\", $TAG"}}, 304},
            {{{"If-None-Match", "*"}}, 304},
            {{{"If-None-Match", "\"other\""}}, 200},
            {{{"If-None-Match", "\"other\""}, {"If-None-Match", "$TAG"}}, 304},
            {{{"If-Modified-Since", text(past)}}, 200},
            {{{"If-Modified-Since", text(modified)}}, 304},
            {{{"If-Modified-Since", text(later)}}, 304},
            {{{"If-Modified-Since", "nonsense"}}, 200},
            {{{"If-Modified-Since", "Monday, 01-Jan-01 00:00:00 GMT"}}, 304},
            {{{"If-Modified-Since", "Mon Jan  1 00:00:00 2001"}}, 304},
            // If-None-Match wins over If-Modified-Since.
            {{{"If-None-Match", "\"other\""}, {"If-Modified-Since", text(later)}}, 200},
            {{{"If-None-Match", "$TAG"}, {"If-Modified-Since", text(past)}}, 304},
            // Conditions to change come before conditions to fetch.
            {{{"If-Match", "\"other\""}, {"If-None-Match", "$TAG"}}, 412},
            {{{"If-Match", "$TAG"}, {"If-None-Match", "$TAG"}}, 304},
            {{{"If-Unmodified-Since", text(past)}, {"If-Modified-Since", text(later)}}, 412},
            // Conditions come before the range.
            {{{"If-None-Match", "$TAG"}, {"Range", "bytes=0-1"}}, 304},
            {{{"If-Match", "\"other\""}, {"Range", "bytes=0-1"}}, 412},
            {{{"If-Match", "\"other\""}, {"Range", "bytes=99-"}}, 412},
            {{{"If-None-Match", "$TAG"}, {"Range", "bytes=99-"}}, 304},
            {{{"If-Match", "$TAG"}, {"Range", "bytes=0-1"}}, 206},
            {{{"If-None-Match", "$TAG"}, {"If-Range", "\"other\""}, {"Range", "bytes=0-1"}}, 304},
        };
        for (const auto& row : rows) {
            const Fields fields = with_tag(row.fields, tag);
            std::string shown;
            for (const auto& [name, value] : fields) shown.append(name + ": " + value + "; ");
            CAPTURE(shown);
            const Reply reply = daemon.get_in_every_way("/file.txt", fields);
            CHECK(reply.status == row.status);
            if (row.status != 304) continue;
            CHECK(reply.get("ETag") == tag);
            CHECK_FALSE(reply.has("Content-Length"));
            CHECK_FALSE(reply.has("Content-Type"));
        }
    }

    TEST_CASE("Single ranges give their bytes") {
        const TempDir site;
        site.write("small.txt", "0123456789");
        std::string big;
        for (unsigned i = 0; big.size() < 3 << 20; ++i) big += std::to_string(i) + ",";
        site.write("big.txt", big);
        site.write("empty.txt", "");
        const Daemon daemon({.root = site.str()});
        const struct {
            const char* range;
            int status;
            const char* content_range;
            std::string_view body;
        } rows[] = {
            {"bytes=0-0", 206, "bytes 0-0/10", "0"},
            {"bytes=2-4", 206, "bytes 2-4/10", "234"},
            {"bytes=9-9", 206, "bytes 9-9/10", "9"},
            {"bytes=7-", 206, "bytes 7-9/10", "789"},
            {"bytes=0-", 206, "bytes 0-9/10", "0123456789"},
            {"bytes=-3", 206, "bytes 7-9/10", "789"},
            {"bytes=-99", 206, "bytes 0-9/10", "0123456789"},
            {"bytes=5-99", 206, "bytes 5-9/10", "56789"},
            {"BYTES=0-1", 206, "bytes 0-1/10", "01"},
            {"bytes=10-", 416, "bytes */10", ""},
            {"bytes=99-100", 416, "bytes */10", ""},
            {"bytes=-0", 416, "bytes */10", ""},
            {"bytes=18446744073709551616-", 416, "bytes */10", ""},
            {"bytes=4-2", 200, "", "0123456789"},
            {"bytes=a-b", 200, "", "0123456789"},
            {"bytes=", 200, "", "0123456789"},
            {"lines=0-1", 200, "", "0123456789"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.range);
            const Reply reply = daemon.get_in_every_way("/small.txt", {{"Range", row.range}});
            CHECK(reply.status == row.status);
            CHECK(reply.get("Content-Range") == row.content_range);
            if (row.status != 416) CHECK(reply.body == row.body);
        }
        const Reply middle =
            daemon.get_in_every_way("/big.txt", {{"Range", "bytes=1000000-2999999"}});
        CHECK(middle.status == 206);
        CHECK((middle.body == big.substr(1000000, 2000000)));
        CHECK(daemon.get("/empty.txt", {{"Range", "bytes=0-"}}).status == 416);
        CHECK(daemon.get("/small.txt").get("Accept-Ranges") == "bytes");
    }

    TEST_CASE("Several ranges come as parts, and a flood of ranges as the whole file") {
        const TempDir site;
        site.write("file.txt", "0123456789abcdefghij");
        std::string big(2 << 20, '.');
        big.replace(1000000, 5, "HELLO");
        site.write("big.bin", big);
        const Daemon daemon({.root = site.str(), .ini = "[limits]\nranges = 3\n"});
        const Reply reply = daemon.get_in_every_way("/file.txt", {{"Range", "bytes=0-1,10-11,-2"}});
        CHECK(reply.status == 206);
        CHECK_FALSE(reply.has("Content-Range"));
        const std::string type = reply.get("Content-Type");
        const std::string start = "multipart/byteranges; boundary=";
        REQUIRE(type.starts_with(start));
        const std::string mark = "\r\n--" + type.substr(start.size());
        const auto part = [&](const char* range, const char* bytes) {
            return mark + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes " +
                   range + "\r\n\r\n" + bytes;
        };
        CHECK(reply.body == part("0-1/20", "01") + part("10-11/20", "ab") + part("18-19/20", "ij") +
                                mark + "--\r\n");
        const Reply from_disk =
            daemon.get_in_every_way("/big.bin", {{"Range", "bytes=0-3,1000000-1000004"}});
        CHECK(from_disk.status == 206);
        CHECK(from_disk.body.find("bytes 1000000-1000004/2097152\r\n\r\nHELLO\r\n--") !=
              std::string::npos);

        // One range is left when the others lie outside.
        const Reply one = daemon.get_in_every_way("/file.txt", {{"Range", "bytes=0-1,50-60"}});
        CHECK(one.status == 206);
        CHECK(one.get("Content-Range") == "bytes 0-1/20");
        const Reply none = daemon.get_in_every_way("/file.txt", {{"Range", "bytes=40-,50-60"}});
        CHECK(none.status == 416);
        const Reply flood =
            daemon.get_in_every_way("/file.txt", {{"Range", "bytes=0-0,2-2,4-4,6-6"}});
        CHECK(flood.status == 200);
        CHECK(flood.body.size() == 20);
        std::string apache_killer = "bytes=0-";
        for (int i = 0; i < 1300; ++i) apache_killer += ",5-" + std::to_string(i);
        CHECK(daemon.get("/file.txt", {{"Range", apache_killer}}).body.size() == 20);
    }

    TEST_CASE("If-Range gives a range of the same file only") {
        const TempDir site;
        set_time(site.write("file.txt", "0123456789"), modified_time);
        const Daemon daemon({.root = site.str()});
        const std::string tag = daemon.get("/file.txt").get("ETag");
        const struct {
            std::string if_range;
            int status;
        } rows[] = {
            {"$TAG", 206},     {"\"other\"", 200}, {"W/$TAG", 200},   {text(modified), 206},
            {text(past), 200}, {text(later), 200}, {"nonsense", 200}, {"\"a\", $TAG", 200},
        };
        for (const auto& row : rows) {
            CAPTURE(row.if_range);
            const Fields fields =
                with_tag({{"If-Range", row.if_range}, {"Range", "bytes=2-3"}}, tag);
            const Reply reply = daemon.get_in_every_way("/file.txt", fields);
            CHECK(reply.status == row.status);
            CHECK(reply.body == (row.status == 206 ? "23" : "0123456789"));
        }
        CHECK(daemon.get("/file.txt", {{"If-Range", tag}}).status == 200);
        // Even an unsatisfiable range is no matter when the file is another one.
        CHECK(daemon.get("/file.txt", {{"If-Range", "\"x\""}, {"Range", "bytes=99-"}}).status ==
              200);
    }

    TEST_CASE("Times that tell nothing are not compared") {
        const TempDir site;
        set_time(site.write("file.txt", "built reproducibly"), 1);
        const Daemon daemon({.root = site.str()});
        CHECK_FALSE(daemon.get("/file.txt").has("Last-Modified"));
        const std::string date = "Thu, 01 Jan 1970 00:00:01 GMT";
        CHECK(daemon.get("/file.txt", {{"If-Modified-Since", date}}).status == 200);
    }
}
