// Bounds of a forking server: processes, waiting requests, time; and clients that leave.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <string>

#include "tests/loopback/forking_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

/// Says that it runs and waits for its release; SIGTERM does not end it for the path "/stubborn".
struct Gate {
    Signal entered, release;
    HandlerFactory handler() const {
        return function_handler([this](FunctionHandler& h) {
            if (h.path == "/stubborn") ::signal(SIGTERM, SIG_IGN);
            if (h.path == "/begun") {
                h.send_response(200);
                h.end_headers();
                h.wfile.write("part");
                h.wfile.flush();
            }
            entered.give();
            const bool released = release.take();
            if (h.path != "/begun") h.answer(released ? "done" : "alone");
        });
    }
};

/// Whether there is such a process, and it is no zombie.
bool is_running(std::size_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    return std::getline(file, stat) && stat.find(") Z") == std::string::npos;
}

ForkingTestServer::Prepare with_timeout(Milliseconds timeout) {
    return [timeout](ForkingHTTPServer& s) { s.request_timeout = timeout; };
}

}  // namespace

TEST_SUITE("forking limits") {
    TEST_CASE("Requests beyond max_children wait for their turn, in order") {
        const Gate gate;
        ForkingTestServer server(gate.handler(), [](ForkingHTTPServer& s) { s.max_children = 1; });
        HttpClient clients[] = {server.client(), server.client(), server.client()};
        for (HttpClient& client : clients) {
            client.send(get);
            server.settle();
        }
        for (HttpClient& client : clients) {
            CHECK(gate.entered.take());
            CHECK_FALSE(gate.entered.is_given());
            CHECK(server.server().active_children() <= 1);
            gate.release.give();
            CHECK(client.receive().body == "done");
        }
    }

    TEST_CASE("When enough requests wait, 503 says come again, and no handler is asked") {
        const Gate gate;
        ForkingTestServer server(gate.handler(), [](ForkingHTTPServer& s) {
            s.max_children = 1;
            s.max_waiting = 1;
        });
        HttpClient running = server.client(), waiting = server.client();
        running.send(get);
        CHECK(gate.entered.take());
        waiting.send(get);
        server.settle();
        for (int i = 0; i < 3; ++i) {
            HttpClient refused = server.client();
            const Reply reply = refused.get("/");
            CHECK(reply.status == 503);
            CHECK(reply.body == "503 The server is busy\n");
            CHECK(reply.get("Retry-After") == "5");
            CHECK(reply.get("Connection") == "close");
            CHECK(refused.ends());
        }
        gate.release.give();
        gate.release.give();
        CHECK(running.receive().body == "done");
        CHECK(waiting.receive().body == "done");
        CHECK(contains(server.access_log(), "\"GET / HTTP/1.1\" 503 23 "));
    }

    TEST_CASE("A client that leaves while its request waits makes room") {
        const Gate gate;
        ForkingTestServer server(gate.handler(), [](ForkingHTTPServer& s) {
            s.max_children = 1;
            s.max_waiting = 1;
        });
        RawClient running = server.raw_client(), left = server.raw_client();
        const Hidden hidden(left);
        running.send(get);
        CHECK(gate.entered.take());
        left.send(get);
        server.settle();
        left.cut();
        server.advance(1s);
        RawClient waiting = server.raw_client();
        waiting.send(get);
        server.settle();
        gate.release.give();
        running.receive_until("done");
        CHECK(gate.entered.take());
        gate.release.give();
        waiting.receive_until("done");
        CHECK_FALSE(gate.entered.is_given());
    }

    TEST_CASE("A child that runs too long is ended: 504, or the answer is cut off") {
        const Gate gate;
        ForkingTestServer server(gate.handler(), with_timeout(5s));
        HttpClient silent = server.client();
        RawClient begun = server.raw_client();
        silent.send(get_of("/silent"));
        begun.send(get_of("/begun"));
        CHECK(gate.entered.take());
        CHECK(gate.entered.take());
        begun.receive_until("part\r\n");
        server.advance(4s);
        CHECK(server.server().active_children() == 2);
        server.advance(1s);
        const Reply reply = silent.receive();
        CHECK(reply.status == 504);
        CHECK(contains(reply.body, "<!DOCTYPE"));
        CHECK(begun.ends());
        CHECK(begun.was_reset());
        CHECK(children_end(server));
        CHECK(no_child_is_left());
        const std::string errors = server.error_log();
        CHECK(contains(errors, "\"GET /silent HTTP/1.1\" was ended, its time was over before"));
        CHECK(contains(errors, "\"GET /begun HTTP/1.1\" was ended, its time was over before"));
    }

    TEST_CASE("A child that SIGTERM does not end is killed") {
        const Gate gate;
        ForkingTestServer server(gate.handler(), with_timeout(5s));
        HttpClient client = server.client();
        client.send(get_of("/stubborn"));
        CHECK(gate.entered.take());
        server.advance(5s);
        CHECK(server.server().active_children() == 1);
        server.advance(2s);
        CHECK(client.receive().status == 504);
        server.error_log();
    }

    TEST_CASE("What a handler has started in its process group is ended with it") {
        const Signal alive;
        const SharedNumber grandchild;
        ForkingTestServer server(function_handler([&](FunctionHandler&) {
                                     if (::fork() == 0) {
                                         *grandchild = static_cast<std::size_t>(::getpid());
                                         alive.give();
                                     }
                                     for (;;) ::pause();
                                 }),
                                 with_timeout(5s));
        HttpClient client = server.client();
        client.send(get);
        CHECK(alive.take());
        CHECK(is_running(*grandchild));
        server.advance(5s);
        // The grandchild holds a copy of the channel: without it the end is seen all the same.
        CHECK(client.receive().status == 504);
        CHECK(comes_true(server, [&] { return !is_running(*grandchild); }));
        server.error_log();
    }

    TEST_CASE("A client that leaves ends its child, and that is no error") {
        for (const char* const path : {"/silent", "/begun", "/stubborn"}) {
            CAPTURE(path);
            const Gate gate;
            ForkingTestServer server(gate.handler());
            RawClient client = server.raw_client();
            const Hidden hidden(client);
            client.send(get_of(path));
            CHECK(gate.entered.take());
            if (path == std::string("/begun")) client.receive_until("part");
            client.cut();
            server.settle();
            server.advance(2s);
            CHECK(children_end(server));
            CHECK(server.error_log() == "");
            CHECK(contains(server.access_log(), path == std::string("/begun") ? " 200 " : " 499 "));
        }
        CHECK(no_child_is_left());
    }

    TEST_CASE("A client that leaves a fountain ends it") {
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            for (;;) h.wfile.write(std::string(100'000, 'x'));
        }));
        RawClient client = server.raw_client(4096);
        const Hidden hidden(client);
        client.send(get);
        client.receive(10'000);
        client.cut();
        CHECK(children_end(server));
        CHECK(server.error_log() == "");
    }

    TEST_CASE("A request for which no child can be started is 503") {
#ifdef __SANITIZE_ADDRESS__
        std::puts("SKIPPED: UBSan, which is on with ASan, needs descriptors to look at exceptions");
        return;
#endif
        /// Takes descriptors away while a request is given out.
        struct Poor : ForkingHTTPServer {
            using ForkingHTTPServer::ForkingHTTPServer;
            void process_request(Request& request, const Address& client_address) override {
                rlimit before{};
                ::getrlimit(RLIMIT_NOFILE, &before);
                const rlimit poor{4, before.rlim_max};
                if (request.head().target == "/poor") ::setrlimit(RLIMIT_NOFILE, &poor);
                ForkingHTTPServer::process_request(request, client_address);
                ::setrlimit(RLIMIT_NOFILE, &before);
            }
        };
        TestServer<Poor> server(echo_handler());
        CHECK(server.client().get("/").status == 200);
        CHECK(server.client().get("/poor").status == 503);
        CHECK(server.client().get("/").status == 200);
        CHECK(contains(server.error_log(), "No child process for a request: socketpair: Too many"));
    }
}
