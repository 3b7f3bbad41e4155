#include "server/exchange/request_id.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <thread>
#include <vector>

#include "handlers/http/ascii.hpp"

using namespace basehttp;

TEST_SUITE("make_request_id") {
    TEST_CASE("An id has 22 letters and digits") {
        for (int i = 0; i < 1000; ++i) {
            const std::string id = make_request_id();
            CAPTURE(id);
            CHECK(id.size() == 22);
            CHECK(std::all_of(id.begin(), id.end(), is_ascii_alphanumeric));
        }
    }

    TEST_CASE("No id comes twice, from whichever thread") {
        std::vector<std::vector<std::string>> ids(4);
        std::vector<std::thread> threads;
        for (auto& mine : ids) {
            threads.emplace_back([&mine] {
                for (int i = 0; i < 10'000; ++i) mine.push_back(make_request_id());
            });
        }
        for (std::thread& thread : threads) thread.join();
        std::set<std::string> all;
        for (const auto& mine : ids) all.insert(mine.begin(), mine.end());
        CHECK(all.size() == 40'000);
    }

    TEST_CASE("Neighbours are told apart by their first characters") {
        const std::string first = make_request_id(), second = make_request_id();
        CHECK(first.substr(0, 3) != second.substr(0, 3));
    }

    TEST_CASE("A given id is taken when it is one, of harmless characters, and not too long") {
        const struct {
            std::string fields, id;
        } rows[] = {
            {"X-Request-Id: Az09._=+/:-\r\n", "Az09._=+/:-"},
            {"x-REQUEST-id: a\r\n", "a"},
            {"X-Request-Id: " + std::string(128, 'a') + "\r\n", std::string(128, 'a')},
            {"X-Request-Id: " + std::string(129, 'a') + "\r\n", ""},
            {"X-Request-Id:\r\n", ""},
            {"", ""},
            {"X-Request-Id: a\r\nX-Request-Id: a\r\n", ""},
            {"X-Request-Id: a b\r\n", ""},
            {"X-Request-Id: a\"\r\n", ""},
            {"X-Request-Id: a\\n\r\n", ""},
            {"X-Request-Id: \xC3\xA9\r\n", ""},
            {"X-Request-Id: a,b\r\n", ""},
            {"X-Request-Id: <a>\r\n", ""},
            {"Request-Id: a\r\n", ""},
        };
        for (const auto& row : rows) {
            CAPTURE(row.fields);
            const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + row.fields + "\r\n";
            RequestHead head;
            REQUIRE(parse_request_head(text, {}, head).status == HeadStatus::complete);
            CHECK(given_request_id(head) == row.id);
        }
    }
}
