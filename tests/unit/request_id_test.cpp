#include "handlers/cgi/request_id.hpp"

#include <doctest/doctest.h>

#include <algorithm>
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
}
