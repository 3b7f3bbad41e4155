// Edges: no event of the socket is forgotten because of bytes that OpenSSL already has.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <future>
#include <ostream>
#include <string>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;

namespace {

/// What is sent while it lives goes out at its end, in one segment.
struct Corked {
    explicit Corked(RawClient& client) : fd(client.stream().fd()) { set(1); }
    Corked(const Corked&) = delete;
    Corked& operator=(const Corked&) = delete;
    ~Corked() { set(0); }
    void set(int on) const { ::setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }
    int fd;
};

/// The first answer waits until it is let go.
struct FirstWaits {
    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            if (h.path == "/first") {
                entered.set_value();
                let_go.get_future().wait();
            }
            h.answer(h.path + " " + std::to_string(h.rfile.read().size()));
        });
    }
    std::promise<void> entered, let_go;
};

}  // namespace

TEST_SUITE("tls readiness") {
    TEST_CASE("A record that comes while a handler works is read, though OpenSSL has one as well") {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            CAPTURE(version);
            FirstWaits first;
            TestServer server(first.handler(), SpeaksTls());
            RawClient client = tls_client(server, {.max_version = version});
            {
                const Corked together(client);
                client.send(get_from("h", "/first"));
                client.send(get_from("h", "/second"));
            }
            first.entered.get_future().wait();
            client.send(get_from("h", "/third"));
            server.settle();
            first.let_go.set_value();
            for (const char* path : {"/first 0", "/second 0", "/third 0"})
                client.receive_until(path);
        }
    }

    TEST_CASE("The rest of a body is read that comes while its handler is made") {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            CAPTURE(version);
            FirstWaits first;
            TestServer server(first.handler(), SpeaksTls());
            RawClient client = tls_client(server, {.max_version = version});
            const std::string piece(16'000, 'x');
            {
                const Corked together(client);
                client.send(get_from("h", "/first"));
                client.send("POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 96000\r\n\r\n");
                client.send(piece);
            }
            first.entered.get_future().wait();
            for (int i = 0; i < 5; ++i) client.send(piece);
            server.settle();
            first.let_go.set_value();
            client.receive_until("/first 0");
            client.receive_until("/second 96000");
        }
    }
}
