#include "handlers/response_writer.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <ostream>

using namespace basehttp;
using Framing = ResponseWriter::Framing;

namespace {

struct Fixture {
    Outbox outbox;
    ResponseWriter writer{outbox};
    int flushed = 0;
    Fixture() {
        outbox.on_flush = [this] { ++flushed; };
    }

    /// What the loop would send now.
    std::string taken() {
        SendQueue queue;
        outbox.take(queue);
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
        const Fd ours(pair[0]), theirs(pair[1]);
        std::uint64_t sent = 0;
        REQUIRE(queue.send(ours.get(), sent) == SendStatus::sent);
        std::string text(sent, '\0');
        if (sent > 0)
            REQUIRE(::recv(theirs.get(), text.data(), sent, MSG_WAITALL) == ssize_t(sent));
        outbox.drained();
        return text;
    }
};

}  // namespace

TEST_SUITE("ResponseWriter") {
    TEST_CASE_FIXTURE(Fixture, "Small writes become one piece") {
        writer.begin_body("head\r\n\r\n", Framing::counted, 4);
        writer.write("o");
        writer.write("");
        writer.write("kay");
        CHECK(taken() == "");
        CHECK(writer.end());
        CHECK(taken() == "head\r\n\r\nokay");
        CHECK(writer.body_bytes() == 4);
    }

    TEST_CASE_FIXTURE(Fixture, "flush sends what was written, with its chunk") {
        writer.begin_body("head\r\n\r\n", Framing::chunked);
        writer.flush();
        CHECK(taken() == "head\r\n\r\n");
        writer.write("a");
        writer.write("bc");
        writer.flush();
        CHECK(taken() == "3\r\nabc\r\n");
        writer.flush();  // no empty chunk, which would end the content
        CHECK(taken() == "");
        writer.write(std::string(26, 'x'));
        CHECK(writer.end());
        CHECK(taken() == "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
        CHECK(flushed == 2);
    }

    TEST_CASE_FIXTURE(Fixture, "Shared content and files are chunks of their own") {
        const auto owner = std::make_shared<const std::string>(5000, 'y');
        const auto file = std::make_shared<const Fd>(::memfd_create("test", 0));
        REQUIRE(::write(file->get(), "0123456789", 10) == 10);
        writer.begin_body("", Framing::chunked);
        writer.write("a");
        writer.write_shared(owner, *owner);
        writer.send_file(file, 3, 4);
        writer.send_file(file, 0, 0);
        writer.write_shared(owner, "tiny");
        CHECK(writer.end());
        CHECK(taken() == "1\r\na\r\n1388\r\n" + *owner + "\r\n4\r\n3456\r\n4\r\ntiny\r\n0\r\n\r\n");
        CHECK(writer.body_bytes() == 5009);
    }

    TEST_CASE_FIXTURE(Fixture, "Counted content ends at its length, however it is written") {
        const auto owner = std::make_shared<const std::string>(5000, 'y');
        writer.begin_body("", Framing::counted, 4500);
        writer.write("abc");
        writer.write_shared(owner, *owner);
        writer.write("more");
        CHECK(writer.end());
        CHECK(taken() == "abc" + std::string(4497, 'y'));
        CHECK(writer.body_bytes() == 4500);
        CHECK(writer.excess() == 503 + 4);
    }

    TEST_CASE_FIXTURE(Fixture, "Content where there must be none is dropped") {
        writer.begin_body("head\r\n\r\n", Framing::none);
        writer.write("abc");
        CHECK(writer.end());
        CHECK(taken() == "head\r\n\r\n");
        CHECK(writer.body_bytes() == 0);
        CHECK(writer.excess() == 0);
    }

    TEST_CASE_FIXTURE(Fixture, "The end tells whether another answer can follow") {
        SUBCASE("not when nothing was framed") { writer.write("HTTP/0.9"); }
        SUBCASE("not until the close") { writer.begin_body("h", Framing::until_close); }
        SUBCASE("not when it is too short") { writer.begin_body("h", Framing::counted, 1); }
        CHECK_FALSE(writer.end());
    }

    TEST_CASE_FIXTURE(Fixture,
                      "An interim answer goes out at once and the answer is yet to begin") {
        writer.send_interim("HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(taken() == "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(flushed == 1);
        CHECK_FALSE(writer.begun());
        CHECK_FALSE(writer.framed());
        writer.begin_body("h", Framing::counted, 0);
        CHECK(writer.begun());
        CHECK(writer.framed());
    }

    TEST_CASE_FIXTURE(Fixture, "Raw bytes before the header section count as begun") {
        writer.write("x");
        CHECK(writer.begun());
        CHECK_FALSE(writer.framed());
        CHECK(writer.body_bytes() == 1);
        writer.begin_body("h", Framing::counted, 1);
        writer.write("y");
        CHECK(writer.end());
        CHECK(taken() == "xhy");
    }

    TEST_CASE_FIXTURE(Fixture, "A client that is gone is noticed at the next piece") {
        writer.begin_body("h", Framing::chunked);
        outbox.cancel();
        writer.write("small");
        CHECK_THROWS_AS(writer.flush(), BrokenPipe);
        CHECK_THROWS_AS(writer.write(std::string(100'000, 'x')), BrokenPipe);
    }

    TEST_CASE_FIXTURE(Fixture, "An answer that is abandoned has no end") {
        writer.begin_body("", Framing::chunked);
        writer.write("abc");
        writer.abandon();
        CHECK_FALSE(writer.end());
        CHECK(taken() == "3\r\nabc\r\n");
        CHECK_FALSE(writer.end());
        CHECK(taken() == "");
    }

    TEST_CASE_FIXTURE(Fixture, "An answer that is abandoned is not whole, whatever its framing") {
        SUBCASE("counted") { writer.begin_body("h", Framing::counted, 0); }
        SUBCASE("without content") { writer.begin_body("h", Framing::none); }
        SUBCASE("until the close") { writer.begin_body("h", Framing::until_close); }
        SUBCASE("raw") {}
        writer.abandon();
        CHECK_FALSE(writer.end());
    }

    TEST_CASE_FIXTURE(Fixture, "An answer ends once, however often it is ended") {
        writer.begin_body("", Framing::chunked);
        writer.write("abc");
        CHECK(writer.end());
        CHECK(taken() == "3\r\nabc\r\n0\r\n\r\n");
        CHECK(writer.end());
        CHECK(taken() == "");
    }
}
