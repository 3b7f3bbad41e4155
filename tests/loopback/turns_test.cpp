// Handlers that wait for another turn, and hold no thread meanwhile.
#include <atomic>
#include <latch>
#include <ostream>
#include <string>
#include <thread>

#include "tests/support/watched_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

using Server = TestServer<WatchedServer>;

constexpr std::string_view get = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n";

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++found;
    return found;
}

/// A request whose handler is parked.
RawClient waiting_client(Server& server, std::string_view request = get) {
    RawClient client = server.raw_client();
    client.send(request);
    server.server().turns_end();
    server.settle();
    return client;
}

}  // namespace

TEST_SUITE("turns") {
    TEST_CASE("A handler that waits is called again when it is resumed, from any thread") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        CHECK_FALSE(client.something_there());
        CHECK(handlers.turns == 1);
        SUBCASE("this thread") { handlers.resume_all(); }
        SUBCASE("another thread") {
            std::jthread([&] { handlers.resume_all(); }).join();
        }
        client.receive_until("turn 2 []");
        CHECK(handlers.made == 1);
        server.settle();
        CHECK(handlers.destroyed == 1);
        client.send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
        client.receive_until("turn 0 []");
    }

    TEST_CASE("A handler that is resumed while its turn is still ending has its next one") {
        WaitingHandlers handlers;
        handlers.resume_within_turn = true;
        handlers.turns_to_wait = 50;
        Server server(handlers.factory());
        RawClient client = server.raw_client();
        client.send(get);
        client.receive_until("turn 51 []");
        CHECK(handlers.turns == 51);
    }

    TEST_CASE("A handler that is called without reason waits again, once for each turn") {
        WaitingHandlers handlers;
        handlers.turns_to_wait = 3;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        for (int turn = 2; turn <= 3; ++turn) {
            handlers.resume_all();
            server.server().turns_end();
            server.settle();
            CHECK(handlers.turns == turn);
            CHECK_FALSE(client.something_there());
        }
        handlers.resume_all();
        client.receive_until("turn 4 []");
    }

    TEST_CASE("A handler may be resumed more often than it waits") {
        WaitingHandlers handlers;
        handlers.turns_to_wait = 20;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        std::atomic<bool> over = false;
        std::jthread other([&] {
            while (!over) {
                handlers.resume_all();
                std::this_thread::yield();
            }
        });
        client.receive_until("turn 21 []");
        for (int i = 0; i < 5; ++i) {
            client.send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
            client.receive_until("turn 0 []");
        }
        over = true;
    }

    TEST_CASE("A wait has its time, by the server's clock") {
        WaitingHandlers handlers;
        handlers.timeout = 5s;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        server.advance(4900ms);
        CHECK_FALSE(client.something_there());
        server.advance(1100ms);
        client.receive_until("turn 2 [] late");
    }

    TEST_CASE("A wait in time is not late, though the time passes later") {
        WaitingHandlers handlers;
        handlers.timeout = 5s;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        server.advance(4s);
        handlers.resume_all();
        CHECK(client.receive_until("turn 2 []").find("late") == std::string::npos);
        server.advance(10s);
        CHECK_FALSE(client.something_there());
        CHECK(handlers.turns == 2);
    }

    TEST_CASE("A wait after the body has the body") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        RawClient client = server.raw_client();
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
        server.server().turns_end();  // asks for the body
        client.send("llo");
        server.server().turns_end();
        handlers.resume_all();
        client.receive_until("turn 2 [hello]");
        CHECK(handlers.made == 1);
    }

    TEST_CASE("A client that resets the connection ends the wait: 499 in the log") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        RawClient client = waiting_client(server);
        client.cut();
        server.settle();
        server.settle();
        CHECK(handlers.destroyed == 1);
        CHECK(handlers.waiting() == 0);
        CHECK(handlers.turns == 1);
        const std::string log = server.access_log();
        CHECK(contains(log, "\"GET /wait HTTP/1.1\" 499 0 "));
        CHECK(count(log, "\n") == 1);
    }

    TEST_CASE("A wait whose client and whose time are gone in the same moment ends once") {
        WaitingHandlers handlers;
        handlers.timeout = 5s;
        Server server(handlers.factory());
        // HTTP/1.0 has no interim answer to ask with: this client counts as gone at the next tick.
        RawClient client = waiting_client(server, "GET /wait HTTP/1.0\r\n\r\n");
        client.half_close();
        server.settle();
        server.advance(6s);
        server.settle();
        CHECK(handlers.turns == 1);
        CHECK(handlers.destroyed == 1);
        CHECK(client.receive_all() == "");
        CHECK(count(server.access_log(), "\n") == 1);
    }

    TEST_CASE("Clients that leave while their handlers are resumed leave nothing behind") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        for (int round = 0; round < 30; ++round) {
            RawClient client = server.raw_client();
            client.send(get);
            while (handlers.made <= round) server.settle();
            std::jthread other([&] { handlers.resume_all(); });
            client.cut();
        }
        for (int i = 0; i < 1000 && handlers.destroyed < 30; ++i) server.settle();
        CHECK(handlers.made == 30);
        CHECK(handlers.destroyed == 30);
        server.stop();
    }

    TEST_CASE("A request that waits is finished at shutdown, when it is resumed in time") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        RawClient client = waiting_client(server), idle = server.raw_client();
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        handlers.resume_all();
        CHECK(client.receive_all().ends_with("turn 2 []"));
        server.stop();
        CHECK(handlers.destroyed == 1);
    }

    TEST_CASE("A request that waits too long at shutdown gets a last turn to refuse") {
        WaitingHandlers handlers;
        Server server(handlers.factory());
        RawClient client = waiting_client(server), idle = server.raw_client();
        server.advance(1s);
        server.begin_shutdown();
        CHECK(idle.ends());
        server.clock.advance(31s);  // the loop looks within a second
        CHECK(client.receive_all().ends_with(" late"));
        server.stop();
        CHECK(handlers.destroyed == 1);
        CHECK(handlers.turns == 2);
    }

    TEST_CASE("Requests that wait need no thread") {
        WaitingHandlers handlers;
        Server server(handlers.factory(), [](WatchedServer& s) {
            s.max_workers = 1;
            s.max_waiting = 20;
        });
        std::vector<RawClient> clients;
        for (int i = 0; i < 20; ++i) clients.push_back(server.raw_client());
        for (RawClient& client : clients) client.send(get);
        server.server().turns_end(20);
        CHECK(handlers.waiting() == 20);
        for (int i = 0; i < 3; ++i) CHECK(server.client().get("/now").body == "turn 0 []");
        server.server().turns_end(3);
        handlers.resume_all();
        for (RawClient& client : clients) client.receive_until("turn 2 []");
    }

    TEST_CASE("A request whose turn finds no thread is 503") {
        WaitingHandlers handlers;
        std::latch blocked(1), release(1);
        Server server(
            [&, inner = handlers.factory()](Request& r, const Address& a, BaseServer& s) {
                if (r.head().target == "/block") {
                    blocked.count_down();
                    release.wait();
                }
                return inner(r, a, s);
            },
            [](WatchedServer& s) {
                s.max_workers = 1;
                s.max_waiting = 1;
            });
        RawClient client = waiting_client(server);
        RawClient running = server.raw_client(), queued = server.raw_client();
        running.send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n");
        blocked.wait();
        queued.send(get);
        server.settle();
        handlers.resume_all();
        const std::string all = client.receive_all();
        CHECK(all.starts_with("HTTP/1.1 503 "));
        CHECK(contains(all, "\r\nRetry-After: 5\r\n"));
        release.count_down();
        server.server().turns_end(3);
        handlers.resume_all();
        running.receive_until("turn 2 []");
        queued.receive_until("turn 2 []");
    }
}
