#include "server/exchange/send_queue.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <ostream>
#include <string>

#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

/// Two ends of a connection without a network.
struct Pair {
    Fd ours, theirs;
    Pair() {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
        ours.reset(pair[0]);
        theirs.reset(pair[1]);
    }
    std::string receive() const {
        std::string text;
        std::array<char, 65536> buffer;
        for (ssize_t n; (n = ::recv(theirs.get(), buffer.data(), buffer.size(), 0)) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(n));
        return text;
    }
};

std::shared_ptr<const Fd> open_file(const std::filesystem::path& path) {
    return std::make_shared<const Fd>(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

/// Sends and receives in turn until nothing is left.
std::string drain(SendQueue& queue, const Pair& pair, std::uint64_t& sent) {
    std::string text;
    for (;;) {
        const SendStatus status = queue.send(pair.ours.get(), sent);
        text += pair.receive();
        if (status == SendStatus::sent) return text;
        REQUIRE((status == SendStatus::blocked || status == SendStatus::paused));
    }
}

}  // namespace

TEST_SUITE("SendQueue") {
    TEST_CASE("Pieces of every kind leave in order") {
        const TempDir directory;
        const auto file = open_file(directory.write("f", "0123456789"));
        const auto owner = std::make_shared<const std::string>("borrowed");
        const Pair pair;
        SendQueue queue;
        queue.push(Segment::bytes("head "));
        queue.push(Segment::region(file, 2, 3));
        queue.push(Segment::bytes(""));
        queue.push(Segment::bytes(" "));
        queue.push(Segment::shared(owner, *owner));
        queue.push(Segment::region(file, 9, 1));
        std::uint64_t sent = 0;
        CHECK(drain(queue, pair, sent) == "head 234 borrowed9");
        CHECK(sent == 18);
        CHECK(queue.empty());
    }

    TEST_CASE("Hundreds of pieces leave in order") {
        const Pair pair;
        SendQueue queue;
        std::string expected;
        for (int i = 0; i < 500; ++i) {
            expected += std::to_string(i) + " ";
            queue.push(Segment::bytes(std::to_string(i) + " "));
        }
        std::uint64_t sent = 0;
        CHECK(drain(queue, pair, sent) == expected);
    }

    TEST_CASE("A full socket blocks, and sending goes on where it stopped") {
        const TempDir directory;
        std::string content;
        for (int i = 0; content.size() < 5'000'000; ++i) content += std::to_string(i) + ",";
        const auto file = open_file(directory.write("f", content));
        const auto owner = std::make_shared<const std::string>(content);
        const Pair pair;
        SendQueue queue;
        queue.push(Segment::bytes(content));
        queue.push(Segment::shared(owner, *owner));
        queue.push(Segment::region(file, 0, content.size()));
        std::uint64_t sent = 0;
        CHECK(queue.send(pair.ours.get(), sent) == SendStatus::blocked);
        CHECK(sent > 0);
        CHECK(sent < content.size());
        CHECK_FALSE(queue.empty());
        CHECK(pair.receive() + drain(queue, pair, sent) == content + content + content);
        CHECK(sent == 3 * content.size());
    }

    TEST_CASE("A piece is freed when it is sent") {
        const auto owner = std::make_shared<const std::string>(10000, 'x');
        const Pair pair;
        SendQueue queue;
        queue.push(Segment::shared(owner, *owner));
        CHECK(owner.use_count() == 2);
        std::uint64_t sent = 0;
        CHECK(queue.send(pair.ours.get(), sent) == SendStatus::sent);
        CHECK(owner.use_count() == 1);
        queue.push(Segment::shared(owner, *owner));
        queue.clear();
        CHECK(queue.empty());
        CHECK(owner.use_count() == 1);
    }

    TEST_CASE("A file that ends early cannot complete the message") {
        const TempDir directory;
        const auto file = open_file(directory.write("f", "0123456789"));
        const Pair pair;
        SendQueue queue;
        queue.push(Segment::region(file, 5, 6));
        std::uint64_t sent = 0;
        CHECK(queue.send(pair.ours.get(), sent) == SendStatus::shrunk);
        CHECK(pair.receive() == "56789");
        queue.clear();
        REQUIRE(::ftruncate(file->get(), 0) == 0);
        queue.push(Segment::region(file, 0, 10));
        CHECK(queue.send(pair.ours.get(), sent) == SendStatus::shrunk);
    }

    TEST_CASE("A peer that is gone fails, without a signal") {
        Pair pair;
        pair.theirs.reset();
        SendQueue queue;
        queue.push(Segment::bytes("x"));
        std::uint64_t sent = 0;
        CHECK(queue.send(pair.ours.get(), sent) == SendStatus::failed);
        CHECK(sent == 0);
    }

    TEST_CASE("An empty queue is sent at once") {
        SendQueue queue;
        std::uint64_t sent = 0;
        CHECK(queue.empty());
        CHECK(queue.send(-1, sent) == SendStatus::sent);
    }
}
