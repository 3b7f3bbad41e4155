// Content-Encoding: files compressed beforehand, and compression on the way.
#include <zlib.h>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

std::string gunzip(const std::string& bytes) {
    z_stream stream{};
    REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string out(4 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    ::inflateEnd(&stream);
    return out;
}

std::string page() {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "<p>line " + std::to_string(i) + "</p>\n";
    return text;
}

}  // namespace

TEST_SUITE("daemon content coding") {
    TEST_CASE("A file compressed beforehand is sent to those who accept it") {
        const TempDir site;
        site.write("app.js", "plain");
        site.write("app.js.br", "BROTLI");
        site.write("app.js.zst", "ZSTD");
        site.write("app.js.gz", "GZIP");
        site.write("one.css", "plain");
        site.write("one.css.gz", "GZIP");
        const Daemon daemon({.root = site.str()});
        const struct {
            const char* target;
            const char* accept;
            const char* coding;
            const char* body;
        } rows[] = {
            {"/app.js", "gzip, deflate, br, zstd", "br", "BROTLI"},
            {"/app.js", "gzip, zstd", "zstd", "ZSTD"},
            {"/app.js", "gzip", "gzip", "GZIP"},
            {"/app.js", "GZIP", "gzip", "GZIP"},
            {"/app.js", "x-gzip", "gzip", "GZIP"},
            {"/app.js", "*", "br", "BROTLI"},
            {"/app.js", "br;q=0, *", "zstd", "ZSTD"},
            {"/app.js", "br;q=0, gzip;q=0.5", "gzip", "GZIP"},
            {"/app.js", "deflate", "", "plain"},
            {"/app.js", "identity", "", "plain"},
            {"/app.js", "", "", "plain"},
            {"/app.js", "gzip;q=0", "", "plain"},
            {"/one.css", "br, zstd", "", "plain"},
            {"/one.css", "br, gzip", "gzip", "GZIP"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.target);
            CAPTURE(row.accept);
            const Reply reply =
                daemon.get_in_every_way(row.target, {{"Accept-Encoding", row.accept}});
            CHECK(reply.status == 200);
            CHECK(reply.get("Content-Encoding") == row.coding);
            CHECK(reply.body == row.body);
            CHECK(reply.get("Vary") == "Accept-Encoding");
            const bool script = std::string_view(row.target) == "/app.js";
            CHECK(reply.get("Content-Type") ==
                  (script ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8"));
        }
        const Reply unsaid = daemon.get_in_every_way("/app.js");
        CHECK(unsaid.body == "plain");
        CHECK(unsaid.get("Vary") == "Accept-Encoding");
        // Asked for itself it is a file like any other, and not said to be encoded.
        const Reply itself = daemon.get_in_every_way("/app.js.gz", {{"Accept-Encoding", "gzip"}});
        CHECK(itself.body == "GZIP");
        CHECK_FALSE(itself.has("Content-Encoding"));
        CHECK(itself.get("Content-Type") == "application/gzip");
    }

    TEST_CASE("Each coding has its own tag, that answers 304 for it alone") {
        const TempDir site;
        site.write("app.js", "same size");
        site.write("app.js.br", "SAME SIZE");
        site.write("app.js.gz", "Same Size");
        site.write("page.html", page());
        const Daemon daemon({.root = site.str()});
        for (const char* target : {"/app.js", "/page.html"}) {
            CAPTURE(target);
            std::vector<std::string> tags;
            for (const char* accept : {"identity", "br", "gzip"}) {
                const Fields fields{{"Accept-Encoding", accept}};
                tags.push_back(daemon.get(target, fields).get("ETag"));
                CHECK_FALSE(tags.back().starts_with("W/"));
            }
            CHECK(tags[0] != tags[1]);
            CHECK(tags[1] != tags[2]);
            CHECK(tags[0] != tags[2]);
            const auto status = [&](const char* accept, const std::string& tag) {
                return daemon
                    .get_in_every_way(target, {{"Accept-Encoding", accept}, {"If-None-Match", tag}})
                    .status;
            };
            CHECK(status("br", tags[1]) == 304);
            CHECK(status("br", tags[0]) == 200);
            CHECK(status("br", tags[2]) == 200);
            CHECK(status("identity", tags[0]) == 304);
            const Reply part = daemon.get_in_every_way(
                target, {{"Accept-Encoding", "br"}, {"Range", "bytes=0-3"}, {"If-Range", tags[0]}});
            CHECK(part.status == 200);
        }
        const Reply part = daemon.get_in_every_way(
            "/app.js", {{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-3"}});
        CHECK(part.status == 206);
        CHECK(part.body == "Same");
        CHECK(part.get("Content-Encoding") == "gzip");
        CHECK(part.get("Vary") == "Accept-Encoding");
    }

    TEST_CASE("Text is compressed on the way when that pays and is welcome") {
        const TempDir site;
        const std::string html = page();
        site.write("page.html", html);
        site.write("data.json", html);
        site.write("picture.png", html);
        site.write("tiny.html", "<p>hi</p>");
        const Daemon daemon({.root = site.str()});
        const Fields gzip{{"Accept-Encoding", "gzip"}};
        for (const char* target : {"/page.html", "/data.json"}) {
            CAPTURE(target);
            const Reply reply = daemon.get_in_every_way(target, gzip);
            CHECK(reply.get("Content-Encoding") == "gzip");
            CHECK(reply.get("Vary") == "Accept-Encoding");
            CHECK(reply.body.size() < html.size() / 2);
            CHECK((gunzip(reply.body) == html));
        }
        CHECK(daemon.get("/page.html", {{"Accept-Encoding", "br, gzip"}}).get("Content-Encoding") ==
              "br");
        CHECK(daemon.get("/page.html", {{"Accept-Encoding", "zstd"}}).get("Content-Encoding") ==
              "zstd");
        for (const char* refused : {"identity", "gzip;q=0, br;q=0.0", "deflate", "*;q=0, identity",
                                    "identity;q=0", "*;q=0"}) {
            CAPTURE(refused);
            const Reply reply =
                daemon.get_in_every_way("/page.html", {{"Accept-Encoding", refused}});
            CHECK_FALSE(reply.has("Content-Encoding"));
            CHECK((reply.body == html));
            CHECK(reply.get("Vary") == "Accept-Encoding");
        }
        for (const char* target : {"/picture.png", "/tiny.html"}) {
            CAPTURE(target);
            CHECK_FALSE(daemon.get_in_every_way(target, gzip).has("Content-Encoding"));
        }
    }

    TEST_CASE("Both kinds of compression can be turned off") {
        const TempDir site;
        site.write("page.html", page());
        site.write("page.html.gz", "GZIP");
        const Fields gzip{{"Accept-Encoding", "gzip"}};
        const Daemon neither({.root = site.str(), .ini = "compress = off\nprecompressed = off\n"});
        const Reply reply = neither.get_in_every_way("/page.html", gzip);
        CHECK_FALSE(reply.has("Content-Encoding"));
        CHECK_FALSE(reply.has("Vary"));
        const Daemon fresh({.root = site.str(), .ini = "precompressed = off\n"});
        CHECK((gunzip(fresh.get_in_every_way("/page.html", gzip).body) == page()));
    }
}
