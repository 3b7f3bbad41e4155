// Handlers that crash cost their request only.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/loopback/forking_support.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

/// By a signal, whatever a sanitizer does with it.
[[noreturn]] void die_by(int number) {
    ::signal(number, SIG_DFL);
    ::raise(number);
    ::_exit(99);
}

/// Ends its process as the path says; "/ok" does not.
void end_as_asked(FunctionHandler& h) {
    if (h.path == "/segv") die_by(SIGSEGV);
    if (h.path == "/abort") die_by(SIGABRT);
    if (h.path == "/kill") die_by(SIGKILL);
    if (h.path == "/exit3") ::_exit(3);
    if (h.path == "/exit0") ::_exit(0);
    if (h.path == "/throw") throw std::runtime_error("thrown");
}

HandlerFactory crashing_handler() {
    return function_handler([](FunctionHandler& h) {
        end_as_asked(h);
        h.answer("fine");
    });
}

}  // namespace

TEST_SUITE("forked crashes") {
    TEST_CASE("Whatever ends a handler's process, its client gets a 500 and others their answers") {
        struct Case {
            const char* path;
            const char* line;  // of the event log
        };
        const Case cases[] = {
            {"/segv", "ended by signal 11 (Segmentation fault)"},
            {"/abort", "ended by signal 6 (Aborted)"},
            {"/kill", "ended by signal 9 (Killed)"},
            {"/exit3", "ended with exit status 3"},
            {"/exit0", "ended with exit status 0"},
            {"/throw", "thrown"},
        };
        for (const Case& c : cases) {
            CAPTURE(c.path);
            const auto before = open_descriptors();
            {
                ForkingTestServer server(crashing_handler());
                HttpClient other = server.client(), client = server.client();
                CHECK(other.get("/ok").body == "fine");
                const Reply reply = client.get(c.path);
                CHECK(reply.status == 500);
                CHECK(reply.get("Connection") == "close");
                CHECK(contains(reply.body, "<!DOCTYPE"));
                CHECK(client.ends());
                CHECK(other.get("/ok").body == "fine");
                CHECK(children_end(server));
                CHECK(no_child_is_left());
                const std::string errors = server.error_log();
                CHECK(contains(errors, c.line));
                CHECK(contains(errors, "\"GET " + std::string(c.path) + " HTTP/1.1\""));
                CHECK(contains(server.access_log(),
                               "\"GET " + std::string(c.path) + " HTTP/1.1\" 500 "));
            }
            CHECK(open_descriptors() == before);
        }
    }

    TEST_CASE("A crash after part of the answer cuts it off, and the client can tell") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            h.send_response(200);
            if (h.path == "/counted") h.send_header("Content-Length", std::uint64_t{1000});
            h.end_headers();
            h.wfile.write("the first part");
            h.wfile.flush();
            die_by(SIGSEGV);
        }));
        for (const char* const path : {"/chunked", "/counted"}) {
            CAPTURE(path);
            RawClient client = server.raw_client();
            client.send(get_of(path));
            const std::string all = client.receive_all();
            CHECK(contains(all, "the first part"));
            CHECK_FALSE(contains(all, "\r\n0\r\n"));
            CHECK(client.was_reset());
        }
        CHECK(contains(server.error_log(), "(Segmentation fault) before its answer was complete"));
        CHECK(contains(server.access_log(), "\"GET /counted HTTP/1.1\" 200 "));
    }

    TEST_CASE("A handler that crashes on its error page too leaves a plain one") {
        struct Hopeless : BaseHTTPRequestHandler {
            using BaseHTTPRequestHandler::BaseHTTPRequestHandler;
            void handle() override { die_by(SIGSEGV); }
        };
        ForkingTestServer server(handler_class<Hopeless>());
        HttpClient client = server.client();
        const Reply reply = client.get("/");
        CHECK(reply.status == 500);
        CHECK(reply.body == "500 Internal Server Error\n");
        CHECK(reply.has("Date"));
        CHECK(client.ends());
        HttpClient head = server.client();
        head.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(head.receive(true).get("Content-Length") == "26");
        CHECK(head.ends());
        CHECK(exchange(server.port(), "BAD\r\n\r\n").starts_with("HTTP/1.1 400 "));
        CHECK(contains(server.error_log(), "Segmentation fault"));
        CHECK(contains(server.access_log(), "\"GET / HTTP/1.1\" 500 26 "));
    }

    TEST_CASE("A crash of work afterwards is logged, and costs nobody anything") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            h.request.afterwards = [] { die_by(SIGSEGV); };
            h.answer("fine");
        }));
        HttpClient client = server.client();
        CHECK(client.get("/").body == "fine");
        CHECK(client.get("/").body == "fine");
        CHECK(children_end(server));
        CHECK(contains(server.error_log(), "(Segmentation fault) after its answer"));
    }

    TEST_CASE("Nonsense from a child that has lost its mind is no danger") {
        const std::string bad[] = {"?", "e", "exxx", "f", "fxxxx", std::string(40'000, 'd')};
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            const std::string& record = bad[std::stoul(h.path.substr(1))];
            ::send(channel(), record.data(), record.size(), MSG_NOSIGNAL);
            h.answer("a good answer after it");
        }));
        for (std::size_t i = 0; i < std::size(bad); ++i) {
            CAPTURE(bad[i]);
            CHECK(server.client().get("/" + std::to_string(i)).status == 500);
        }
        CHECK(contains(server.error_log(), "sent what no child sends, and was killed before"));
    }

    TEST_CASE("A child holds neither the connections nor the ports of its parent") {
        const Signal entered, release;
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            if (h.path == "/wait") {
                entered.give();
                release.take();
            }
            h.answer("done");
        }));
        TestServer<HTTPServer> neighbour(echo_handler());
        HttpClient before = server.client(), waiting = server.client();
        HttpClient at_neighbour = neighbour.client();
        CHECK(before.get("/").body == "done");
        CHECK(at_neighbour.get("/").body == "GET / []");
        waiting.send(get_of("/wait"));
        CHECK(entered.take());
        // Both have been connected when the child was made, and now see their ends.
        before.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        CHECK(before.receive().body == "done");
        CHECK(before.ends());
        at_neighbour.send("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        CHECK(at_neighbour.receive().body == "GET /x []");
        CHECK(at_neighbour.ends());
        const std::uint16_t port = neighbour.port();
        neighbour.stop();
        CHECK_THROWS_AS(RawClient::plain(port), std::system_error);
        release.give();
        CHECK(waiting.receive().body == "done");
    }
}
