// Out of memory, descriptors or room on a disk: the request that meets it gets a 503, nobody else.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <new>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;

namespace {

/// A limit of this process that is lower for a while.
class LowLimit {
  public:
    LowLimit(__rlimit_resource which, rlim_t limit) : which_(which) {
        ::getrlimit(which_, &before_);
        const rlimit low{limit, before_.rlim_max};
        REQUIRE(::setrlimit(which_, &low) == 0);
    }
    ~LowLimit() { ::setrlimit(which_, &before_); }
    LowLimit(const LowLimit&) = delete;
    LowLimit& operator=(const LowLimit&) = delete;

  private:
    const __rlimit_resource which_;
    rlimit before_{};
};

/// Throws what the target names.
HandlerFactory throwing_handler() {
    return function_handler([](FunctionHandler& h) {
        if (h.path == "/memory") throw std::bad_alloc();
        if (h.path == "/descriptors")
            throw std::system_error(EMFILE, std::generic_category(), "pipe2");
        if (h.path == "/disk") throw std::system_error(ENOSPC, std::generic_category(), "write");
        if (h.path == "/other") throw std::system_error(EIO, std::generic_category(), "read");
        h.answer("fine [" + std::to_string(h.rfile.read().size()) + "]");
    });
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A server whose clients all make the same demand; in a handler on the loop, or on a worker.
template <class Server>
void check_503s() {
    TestServer<Server> server(throwing_handler());
    for (const std::string target : {"/memory", "/descriptors", "/disk"}) {
        CAPTURE(target);
        const Reply reply = server.client().get(target);
        CHECK(reply.status == 503);
        CHECK(reply.get("Retry-After") == "5");
    }
    CHECK(server.client().get("/other").status == 500);
    CHECK(server.client().get("/").body == "fine [0]");
    CHECK(has(server.error_log(), "std::bad_alloc"));
}

}  // namespace

TEST_SUITE("want of resources") {
    TEST_CASE("A handler that finds no memory, descriptor or room is a 503") {
        check_503s<HTTPServer>();
        check_503s<ThreadingHTTPServer>();
    }

    TEST_CASE("A loop that finds no memory ends that connection and serves the others") {
        TestServer server(throwing_handler(), [](ThreadingHTTPServer& s) {
            s.settings.make_replay = [](const RequestHead& head) -> std::shared_ptr<const Replay> {
                if (head.target == "/loop") throw std::bad_alloc();
                return nullptr;
            };
        });
        HttpClient other = server.client();
        CHECK(other.get("/").status == 200);
        for (int i = 0; i < 3; ++i) {
            RawClient client = server.raw_client();
            server.settle();  // it is watched by now
            client.send("GET /loop HTTP/1.1\r\nHost: h\r\n\r\n");
            const std::string all = client.receive_all();
            if (!over_tls()) CHECK(all.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-"));
        }
        CHECK(other.get("/").status == 200);
        const std::string log = server.error_log();
        CHECK(has(log, "error: A connection was dropped: std::bad_alloc\n"));
        CHECK(log.find('\n') + 1 == log.size());  // once a minute
    }

    TEST_CASE("A body for which the disk has no room is a 503") {
        std::signal(SIGXFSZ, SIG_IGN);
        TestServer<HTTPServer> server(throwing_handler());
        HttpClient client = server.client();
        {
            const LowLimit files(RLIMIT_FSIZE, 100'000);
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
            client.send(std::string(1'000'000, 'x'));
            const Reply reply = client.receive();
            CHECK(reply.status == 503);
            CHECK(reply.get("Retry-After") == "5");
        }
        HttpClient other = server.client();
        other.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
                   std::string(1'000'000, 'x'));
        CHECK(other.receive().body == "fine [1000000]");
        CHECK(has(server.error_log(), "error: Cannot store a request body in /tmp: "));
    }

    TEST_CASE("A body for which no file can be made is a 503") {
        TestServer<HTTPServer> server(
            throwing_handler(), [](HTTPServer& s) { s.settings.temp_directory = "/nonexistent"; });
        HttpClient client = server.client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
                    std::string(100'000, 'x'));
        CHECK(client.receive().status == 503);
        CHECK(has(server.error_log(), "Cannot store a request body in /nonexistent: No such file"));
    }

    TEST_CASE("Clients for whom there is no descriptor wait until there is one") {
        TestServer server(echo_handler());
        RawClient here = server.raw_client();
        here.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        here.receive_until("]");
        RawClient late = RawClient::plain(server.port());
        {
            server.settle();
            const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            ::close(next);
            const LowLimit descriptors(RLIMIT_NOFILE, static_cast<rlim_t>(next));
            here.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            here.receive_until("]");
        }
        late.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        server.advance(Milliseconds(1100));
        CHECK(late.receive(9) == "HTTP/1.1 ");
        late.cut();
        server.error_log();
    }
}
