#include "server/log/journal_stream.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ostream>
#include <string>

using namespace basehttp;

TEST_SUITE("journal_stream") {
    TEST_CASE("JOURNAL_STREAM is two numbers with a colon, and nothing else") {
        CHECK(parse_journal_stream("8:12345") == FileIdentity{8, 12345});
        CHECK(parse_journal_stream("0:0") == FileIdentity{0, 0});
        for (const char* bad : {"", "8", "8:", ":1", "8:1 ", " 8:1", "8:1:2", "-8:1", "0x8:1",
                                "8;1", "99999999999999999999:1"}) {
            CAPTURE(std::string(bad));
            CHECK_FALSE(parse_journal_stream(bad));
        }
    }

    TEST_CASE("A descriptor is the journal only if it is the very file that is named") {
        struct stat status {};
        REQUIRE(::fstat(STDOUT_FILENO, &status) == 0);
        const std::string own = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
        CHECK_FALSE(is_journal(STDOUT_FILENO));
        ::setenv("JOURNAL_STREAM", own.c_str(), 1);
        CHECK(is_journal(STDOUT_FILENO));
        CHECK_FALSE(is_journal(-1));
        ::setenv("JOURNAL_STREAM", (own + "0").c_str(), 1);
        CHECK_FALSE(is_journal(STDOUT_FILENO));
        ::unsetenv("JOURNAL_STREAM");
    }
}
