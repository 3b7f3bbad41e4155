#include "handlers/http/accept.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace basehttp;

TEST_SUITE("accept") {
    TEST_CASE("Accept-Encoding names the codings that may be used") {
        constexpr unsigned all = gzip | brotli | zstd;
        struct Row {
            std::string_view value;
            unsigned codings;
        };
        const Row rows[] = {
            // examples of RFC 9110 section 12.5.3
            {"compress, gzip", gzip},
            {"", 0},
            {"*", all},
            {"compress;q=0.5, gzip;q=1.0", gzip},
            {"gzip;q=1.0, identity; q=0.5, *;q=0", gzip},
            // what browsers and tools send
            {"gzip, deflate, br, zstd", all},
            {"gzip, deflate, br", gzip | brotli},
            {"gzip,deflate", gzip},
            {"identity", 0},
            {"deflate", 0},
            // names
            {"GZIP, Br, zStd", all},
            {"x-gzip", gzip},
            {"X-GZip;q=0.1", gzip},
            {"gzipped, brotli, b", 0},
            // weights
            {"gzip;q=0", 0},
            {"gzip;q=0.0, br;q=0.00, zstd;q=0.000", 0},
            {"gzip;q=0.001", gzip},
            {"gzip;Q=0.5", gzip},
            {"gzip ; q=0.5", gzip},
            {"gzip;\tq=1.000 ,br", gzip | brotli},
            {"gzip;q=1.", gzip},
            {"gzip;q=0.", 0},
            // star
            {"*;q=0.1", all},
            {"gzip;q=0, *", brotli | zstd},
            {"*, gzip;q=0", brotli | zstd},
            {"br, *;q=0", brotli | identity_refused},
            {"*;q=0", identity_refused},
            {"*;q=0, identity", 0},
            {"identity;q=0.5, *;q=0", 0},
            {"*;q=0, gzip, identity;q=0", gzip | identity_refused},
            {"*, *;q=0", identity_refused},
            // identity
            {"identity;q=0", identity_refused},
            {"gzip, identity;q=0", gzip | identity_refused},
            {"identity;q=0, *", all | identity_refused},
            {"identity;q=0.001", 0},
            // a coding named twice
            {"gzip, gzip;q=0", 0},
            {"gzip;q=0, x-gzip", 0},
            {"identity, identity;q=0", identity_refused},
            // lists
            {",, gzip ,, br,", gzip | brotli},
            {" \t", 0},
            {",", 0},
            // malformed elements are ignored, the others count
            {"gzip;q=2, br", brotli},
            {"gzip;q=1.001, br", brotli},
            {"gzip;q=-1, br", brotli},
            {"gzip;q=0.1234, br", brotli},
            {"gzip;q=.5, br", brotli},
            {"gzip;q=, br", brotli},
            {"gzip;q, br", brotli},
            {"gzip;q =1, br", brotli},
            {"gzip;q= 1, br", brotli},
            {"gzip;q=\"1\", br", brotli},
            {"gzip;q=0,5, br", brotli},
            {"gzip;q=1;q=1, br", brotli},
            {"gzip;level=9, br", brotli},
            {"gzip br", 0},
            {"gzip=1, br", brotli},
            {"identity;q=x", 0},
            {"*;q=00, br", brotli},
            {"br, \"gzip, zstd", brotli},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CHECK(accepted_codings(row.value) == row.codings);
        }
    }

    TEST_CASE("JSON is preferred only when it is named and weighs more than HTML") {
        struct Row {
            std::string_view value;
            bool json;
        };
        const Row rows[] = {
            {"application/json", true},
            {"Application/JSON", true},
            {"application/json; charset=utf-8", true},
            {"application/json;q=0.1", true},
            {"application/json, text/plain", true},
            {"application/json, text/html;q=0.9", true},
            {"text/html;q=0.9, application/json", true},
            {"application/json, */*;q=0.8", true},
            {"application/json;q=0.9, text/*;q=0.8", true},
            {"application/json;q=0.5, text/html;q=0.4, */*", true},
            {"application/json;q=0.5, text/*;q=0.4, */*", true},
            {"application/json;q=0.5, text/html;q=0, text/*", true},
            {"application/json;q=0.2, application/json;q=0.9, text/html;q=0.5", true},
            {"application/json;v=\"a,b;q=0\";q=0.9, text/html;q=0.5", true},
            {"application/json;v=\"a\\\",\";q=0.9, text/html;q=0.5", true},
            {"text/html;q=0.95, application/json;v=\"a\\\",\";q=0.9", false},
            {",, application/json ,", true},
            // ties and wildcards
            {"", false},
            {"*/*", false},
            {"application/*", false},
            {"text/html", false},
            {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
            {"application/json, */*", true},
            {"application/json, text/*", true},
            {"application/json, text/html", false},
            {"application/json;q=0.5, text/html;q=0.5", false},
            {"application/json;q=0.5, text/html", false},
            {"application/json;q=0", false},
            {"application/json;q=0, text/html;q=0", false},
            {"application/json;q=0.5, text/html;q=0.9, */*;q=0.1", false},
            {"application/json;q=0.5, text/html;q=0.4, text/html;q=0.6", false},
            // other names
            {"application/ld+json", false},
            {"application/jsonp", false},
            {"text/json", false},
            {"application / json", false},
            {"x;v=\"application/json, application/json\"", false},
            // malformed elements are ignored
            {"application/json;q=2", false},
            {"application/json;q=1.5, text/html;q=0.1", false},
            {"application/json;q", false},
            {"application/json;q=0.5, text/html;q=x", true},
            {"application/json;v=\"unfinished, text/html", false},
            {"application/json;v=a b", false},
            {"application/json;=a", false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.value);
            CHECK(prefers_json(row.value) == row.json);
        }
    }
}
