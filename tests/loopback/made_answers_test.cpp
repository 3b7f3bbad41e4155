// What a loop answers without a handler although nobody asked before, and what is not there.
#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "tests/loopback/replayed_support.hpp"

using namespace basehttp;

TEST_SUITE("made answers") {
    TEST_CASE("An answer that the loop makes by itself has the bytes of a handled one") {
        Servers servers;
        for (const std::string target :
             {"/text.txt", "/tiny.txt", "/medium.bin", "/big.bin", "/sub/", "/sub/index.html",
              "/sub", "/none", "/empty.txt", "/tiny%2Etxt", "/.hidden", "/list/",
              "http://h/tiny.txt"}) {
            CAPTURE(target);
            for (const Row& row : rows) {
                CAPTURE(row.method);
                CAPTURE(row.version);
                CAPTURE(row.fields);
                std::string text = request(row.method, target, row.version, row.fields);
                replace(text, "{tag}", "\"x\"");
                replace(text, "{date}", "Sun, 06 Nov 1994 08:49:37 GMT");
                CHECK(answer_of(servers.quick, text) == answer_of(servers.without, text));
            }
        }
    }

    TEST_CASE("The loop makes answers for small files, and leaves to handlers what may take time") {
        struct Case {
            std::string_view target, coding;
            bool made;
        };
        const Case cases[] = {
            {"/tiny.txt", "", true},      {"/empty.txt", "", true},
            {"/text.txt", "", true},      {"/text.txt", "identity", true},
            {"/text.txt", "gzip", false}, {"/sub/", "gzip", true},
            {"/medium.bin", "", false},   {"/big.bin", "", false},
            {"/none", "", false},         {"/sub", "", false},
            {"/list/", "", false},        {"/tiny%2etxt", "", false},
        };
        for (const Case& one : cases) {
            CAPTURE(one.target);
            CAPTURE(one.coding);
            Servers servers;
            HttpClient client = servers.quick.client();
            const auto get = [&] {
                return client.get(std::string(one.target),
                                  {{"Host", "h"}, {"Accept-Encoding", std::string(one.coding)}});
            };
            servers.without.client().get(std::string(one.target));  // the kernel knows all names
            servers.handled = 0;
            get();
            CHECK(servers.handled == (one.made ? 0 : 1));
        }
    }

    TEST_CASE("The loop leaves to handlers what the kernel does not have in memory") {
        Servers servers;
        HttpClient client = servers.quick.client();
        CHECK(client.get("/tiny.txt").body == "0123456789");  // is there a tiny.txt.br?
        CHECK(servers.handled == 1);
    }

    TEST_CASE("A replayed absence has the bytes of a handled one") {
        for (const std::string own_page : {"", "/tiny.txt", "/sub/index.html"}) {
            CAPTURE(own_page);
            Servers servers(own_page);
            for (const std::string target : {"/none.txt", "/sub/none", "/none.html?query"}) {
                CAPTURE(target);
                servers.with.client().get(target, {{"Host", "h"}});
                for (const Row& row : rows) {
                    CAPTURE(row.method);
                    CAPTURE(row.version);
                    CAPTURE(row.fields);
                    const std::string text = request(row.method, target, row.version, row.fields);
                    servers.with.settle();
                    const int before = servers.handled;
                    const std::string replayed = answer_of(servers.with, text);
                    CHECK(replayed.starts_with("HTTP/1.1 404 "));
                    const bool twice = row.fields.find("\r\nRange: bytes=3") != std::string::npos;
                    CHECK(servers.handled == before + (twice ? 1 : 0));
                    CHECK(replayed == answer_of(servers.without, text));
                }
            }
        }
    }
}
