// HTTPServer::reconfigure: new settings while serving.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "handlers/simple_http_request_handler.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

/// Sites that take each other's place, and a handler that waits where it is told to.
struct Sites {
    Sites() { files.write("file.txt", "x"); }

    std::shared_ptr<const StaticSite> site(const std::string& number) const {
        auto made = std::make_shared<StaticSite>(DocumentRoot::open(files.str()));
        made->headers = {{"X-Number", number}};
        return made;
    }
    std::shared_ptr<const StaticSite> current() {
        const std::lock_guard lock(mutex_);
        return current_;
    }
    void become(const std::string& number) {
        auto next = site(number);
        const std::lock_guard lock(mutex_);
        current_ = std::move(next);
    }
    HandlerFactory factory() {
        return [this](Request& request, const Address& client, BaseServer& server) {
            const auto mine = current();
            ++handled;
            if (next_waits.exchange(false)) {
                entered.set_value();
                release.get_future().wait();
            }
            return std::make_unique<SimpleHTTPRequestHandler>(request, client, server, mine);
        };
    }

    TempDir files;
    std::atomic<int> handled = 0;
    std::atomic<bool> next_waits = false;
    std::promise<void> entered, release;

  private:
    std::mutex mutex_;
    std::shared_ptr<const StaticSite> current_ = site("1");
};

void reconfigure(TestServer<>& server, const std::function<void(HttpSettings&)>& change = {}) {
    HttpSettings next = server.server().settings;
    if (change) change(next);
    server.server().reconfigure(next, server.server().tls);
}

}  // namespace

TEST_SUITE("reconfigure") {
    TEST_CASE("Cached answers are gone with it, and new ones are cached again") {
        Sites sites;
        TestServer<> server(sites.factory());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/file.txt").get("X-Number") == "1");
        CHECK(sites.handled == 1);
        sites.become("2");
        CHECK(client.get("/file.txt").get("X-Number") == "1");
        reconfigure(server);
        for (int i = 0; i < 3; ++i) CHECK(client.get("/file.txt").get("X-Number") == "2");
        CHECK(sites.handled == 2);
    }

    TEST_CASE("A late answer of before does not come into the cache") {
        Sites sites;
        TestServer<> server(sites.factory());
        HttpClient client = server.client(), other = server.client();
        sites.next_waits = true;
        client.send("GET /file.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        sites.entered.get_future().wait();
        sites.become("2");
        reconfigure(server);
        sites.release.set_value();
        CHECK(client.receive().get("X-Number") == "1");
        CHECK(client.get("/none").status == 404);  // so the loop is through with the late answer
        CHECK(other.get("/file.txt").get("X-Number") == "2");
        CHECK(sites.handled == 3);
    }

    TEST_CASE("A cache that is switched off keeps nothing, and comes back") {
        Sites sites;
        TestServer<> server(sites.factory());
        HttpClient client = server.client();
        client.get("/file.txt");
        const std::size_t bytes = server.server().settings.cache_bytes;
        reconfigure(server, [](HttpSettings& next) { next.cache_bytes = 0; });
        for (int i = 0; i < 3; ++i) client.get("/file.txt");
        CHECK(sites.handled == 4);
        reconfigure(server, [bytes](HttpSettings& next) { next.cache_bytes = bytes; });
        for (int i = 0; i < 3; ++i) client.get("/file.txt");
        CHECK(sites.handled == 5);
    }

    TEST_CASE("New limits and times hold for open connections from their next request on") {
        TestServer<> server(echo_handler());
        HttpClient client = server.client(), idle = server.client();
        CHECK(client.get("/a").status == 200);
        CHECK(idle.get("/a").status == 200);
        reconfigure(server, [](HttpSettings& next) {
            next.body = 3;
            next.idle_timeout = 5s;
        });
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        CHECK(client.receive().body == "POST / [abc]");
        server.advance(6s);  // the old time was that of the idle one
        CHECK(client.ends());
        CHECK(idle.get("/b").status == 200);
        idle.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
        CHECK(idle.receive().status == 413);
    }

    TEST_CASE("A body under way may be as long as it could when it began") {
        TestServer<> server(echo_handler());
        HttpClient client = server.client();
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n");
        server.settle();
        reconfigure(server, [](HttpSettings& next) { next.body = 3; });
        client.send("4\r\nefgh\r\n0\r\n\r\n");
        CHECK(client.receive().body == "POST / [abcdefgh]");
    }

    TEST_CASE(
        "Connections in total: a lower number closes nobody, a higher one lets in who waits") {
        TestServer<> server(echo_handler(),
                            [](ThreadingHTTPServer& s) { s.settings.connections = 2; });
        HttpClient one = server.client(), two = server.client();
        CHECK(one.get("/").status == 200);
        CHECK(two.get("/").status == 200);
        reconfigure(server, [](HttpSettings& next) { next.connections = 1; });
        CHECK(one.get("/").status == 200);
        CHECK(two.get("/").status == 200);
        Fd waits = connect_to(server.endpoint());
        server.settle();
        reconfigure(server, [](HttpSettings& next) { next.connections = 3; });
        server.advance(1s);  // the next tick at the latest
        {
            ClientStream stream = ClientStream::of_test_transport(std::move(waits));
            stream.send("GET /a HTTP/1.0\r\n\r\n");
            std::string all;
            while (stream.receive(all)) continue;
            CHECK(all.ends_with("GET /a []"));
        }
        CHECK(server.error_log().find("connections are open: new ones wait") != std::string::npos);
    }

    TEST_CASE("It may come again and again under load, and no request fails") {
        Sites sites;
        TestServer<> server(sites.factory(), [](ThreadingHTTPServer& s) { s.settings.loops = 3; });
        std::atomic<bool> stop = false;
        std::atomic<int> bad = 0;
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back([&] {
                HttpClient client = server.client();
                while (!stop)
                    if (client.get("/file.txt").status != 200) ++bad;
            });
        for (int i = 0; i < 300; ++i) {
            sites.become(std::to_string(i));
            server.server().resize_pool(1 + static_cast<unsigned>(i) % 5, 1000);
            reconfigure(server);
        }
        stop = true;
        for (std::thread& client : clients) client.join();
        CHECK(bad == 0);
        CHECK(server.client().get("/file.txt").get("X-Number") == "299");
    }

    TEST_CASE("Before and after serving it only sets") {
        ThreadingHTTPServer server(Address{"127.0.0.1", 0}, echo_handler());
        HttpSettings settings = server.settings;
        settings.body = 7;
        server.reconfigure(settings, nullptr);
        CHECK(server.settings.body == 7);
    }
}
