// A forking server in a program with its own ways: with SIGCHLD, with descriptors, with its end.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <future>
#include <ostream>
#include <string>
#include <thread>

#include "handlers/event_stream.hpp"
#include "tests/loopback/forking_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

/// While it lives, the kernel reaps this program's children.
class SigchldIgnored {
  public:
    SigchldIgnored() : before_(::signal(SIGCHLD, SIG_IGN)) {}
    ~SigchldIgnored() { ::signal(SIGCHLD, before_); }
    SigchldIgnored(const SigchldIgnored&) = delete;
    SigchldIgnored& operator=(const SigchldIgnored&) = delete;

  private:
    void (*before_)(int);
};

/// While it lives, a thread waits for every child of this program.
class Reaper {
  public:
    ~Reaper() { thread_.request_stop(); }

  private:
    std::jthread thread_{[](const std::stop_token& stop) {
        while (!stop.stop_requested())
            if (::waitpid(-1, nullptr, WNOHANG) <= 0) std::this_thread::yield();
    }};
};

/// While it lives, this program can open nothing.
class FewDescriptors {
  public:
    FewDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = 3;  // those that are open stay
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

/// A packet of two bytes with `count` descriptors, one or two.
void send_descriptors(int socket, int file, std::size_t count) {
    char text[] = "lx";  // no line of a log
    iovec part{text, 2};
    const int files[] = {file, file};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof files)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof file);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof file);
    std::memcpy(CMSG_DATA(header), files, count * sizeof file);
    static_cast<void>(!::sendmsg(socket, &message, 0));
}

/// In a child: whoever may not exceed limits can send no further descriptor after this.
void use_up_descriptors_in_flight(int file) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return;
    if (::getuid() == 0 && ::setuid(65534) != 0) return;
    send_descriptors(ends[0], file, 1);
    const rlimit none{};
    ::setrlimit(RLIMIT_NOFILE, &none);
}

std::shared_ptr<const Fd> file_of(std::string_view text) {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
    auto copy = std::make_shared<const Fd>(::fcntl(::fileno(file), F_DUPFD_CLOEXEC, 0));
    std::fclose(file);
    return copy;
}

void send_whole(FunctionHandler& h, std::shared_ptr<const Fd> file, std::size_t size) {
    h.send_response(200);
    h.send_header("Content-Length", size);
    h.end_headers();
    h.wfile.send_file(std::move(file), 0, size);
}

std::string numbers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
    return text;
}

struct NoActions : ForkingHTTPServer {
    using ForkingHTTPServer::ForkingHTTPServer;
    void service_actions() override {}
};

/// Can be waited for when no connection can be made.
struct Waited : ForkingHTTPServer {
    using ForkingHTTPServer::ForkingHTTPServer;
    /// Until the loop has seen what was there before.
    void settle() {
        std::promise<void> seen;
        loops_.front()->post([&] { seen.set_value(); });
        seen.get_future().wait();
    }
};

}  // namespace

TEST_SUITE("forking in a program") {
    TEST_CASE("A program that ignores SIGCHLD gets its answers, and no error") {
        const SigchldIgnored ignored;
        ForkingTestServer server(echo_handler());
        HttpClient client = server.client();
        for (int i = 0; i < 20; ++i) CHECK(client.get("/a").body == "GET /a []");
        CHECK(children_end(server));
    }

    TEST_CASE("A program that waits for all children gets its answers, and no error") {
        const Reaper reaper;
        ForkingTestServer server(echo_handler());
        HttpClient client = server.client();
        for (int i = 0; i < 20; ++i) CHECK(client.get("/a").body == "GET /a []");
        CHECK(children_end(server));
    }

    TEST_CASE("A crash that nobody can explain is logged all the same") {
        const SigchldIgnored ignored;
        ForkingTestServer server(function_handler([](FunctionHandler&) { ::_exit(3); }));
        CHECK(server.client().get("/").status == 500);
        CHECK(contains(server.error_log(), "nobody knows how before its answer was complete"));
    }

    TEST_CASE("A file whose descriptor the kernel does not pass on is sent all the same") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: UBSan, which is on with ASan, needs descriptors to look at objects");
        return;
#endif
        const std::string text = numbers(30'000);
        const auto file = file_of(text);
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            use_up_descriptors_in_flight(file->get());
            send_whole(h, file, text.size());
        }));
        HttpClient client = server.client();
        CHECK(client.get("/a").body == text);
        CHECK(client.get("/b").body == text);
    }

    TEST_CASE("A file that has shrunk cuts such an answer off, and is logged") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: UBSan, which is on with ASan, needs descriptors to look at objects");
        return;
#endif
        const auto file = file_of("short");
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            use_up_descriptors_in_flight(file->get());
            send_whole(h, file, 1000);
        }));
        RawClient client = server.raw_client();
        client.send(get);
        CHECK(client.receive_all().ends_with("short"));
        CHECK(contains(server.error_log(), "its file has shrunk"));
    }

    TEST_CASE("A file waits while the parent has no descriptor for it") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: UBSan, which is on with ASan, needs descriptors to look at objects");
        return;
#endif
        const std::string text = numbers(1000);
        const auto file = file_of(text);
        const Signal entered, release, sent;
        TestServer<Waited> server(function_handler([&](FunctionHandler& h) {
            entered.give();
            release.take();
            send_whole(h, file, text.size());
            h.request.afterwards = [&] { sent.give(); };
        }));
        HttpClient client = server.client();
        client.send(get);
        CHECK(entered.take());
        {
            const FewDescriptors few;
            release.give();
            CHECK(sent.take());
            server.server().settle();
        }
        server.advance(1s);
        CHECK(client.receive().body == text);
        CHECK(contains(server.error_log(), "Out of file descriptors: the answer of a child"));
    }

    TEST_CASE("Descriptors that nobody asked for do not stay in the parent") {
        const auto before = open_descriptors();
        {
            ForkingTestServer server(function_handler([](FunctionHandler& h) {
                for (int i = 0; i < 20; ++i) send_descriptors(channel(), 0, 2);
                h.answer("sent");
            }));
            CHECK(server.client().get("/").body == "sent");
            CHECK(children_end(server));
        }
        CHECK(open_descriptors() == before);
    }

    TEST_CASE("Deadlines are kept by a server that overrides service_actions") {
        const Signal entered, never;
        TestServer<NoActions> server(function_handler([&](FunctionHandler&) {
                                         entered.give();
                                         never.take();
                                     }),
                                     [](NoActions& s) { s.request_timeout = 5s; });
        HttpClient client = server.client();
        client.send(get);
        CHECK(entered.take());
        server.advance(6s);
        CHECK(client.receive().status == 504);
        CHECK(contains(server.error_log(), "its time was over"));
    }

    TEST_CASE("A stream of events ends when the server does") {
        const Signal entered, release;
        TestServer<Waited> server(function_handler([&](FunctionHandler& h) {
            EventStream events(h);
            while (events.open()) {
                events.comment("alive");
                if (!events.open()) break;
                entered.give();
                release.take();
            }
        }));
        RawClient client = server.raw_client();
        client.send(get);
        CHECK(entered.take());
        server.server().request_shutdown();
        server.server().settle();
        release.give();
        client.receive_until("0\r\n\r\n");
        CHECK_FALSE(entered.is_given());
        server.advance(2s);  // nothing told the client that this was the last answer
        CHECK(client.ends());
        server.join();
    }

    TEST_CASE("server_close in a handler leaves the parent's sockets alone") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            h.server.server_close();
            h.answer("closed");
        }));
        for (int i = 0; i < 3; ++i) CHECK(server.client().get("/").body == "closed");
    }

    TEST_CASE("A handler that writes into a broken pipe lives on") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            int ends[2];
            const bool made = ::pipe2(ends, O_CLOEXEC) == 0;
            ::close(ends[0]);
            const ssize_t written = ::write(ends[1], "x", 1);
            h.answer(made && written < 0 && errno == EPIPE ? "EPIPE" : "other");
        }));
        CHECK(server.client().get("/").body == "EPIPE");
    }
}
