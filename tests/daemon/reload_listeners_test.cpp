// SIGHUP with other addresses: sockets come and go, and nobody who waits is lost.
#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"

using namespace basehttp;

namespace {

std::string bound_to(std::string_view addresses, std::string_view more = {}) {
    return "[server]\nport = 0\nbind = " + std::string(addresses) + "\n" + std::string(more) +
           "[site]\nroot = {work}/site\n";
}

int status_at(const Endpoint& endpoint, std::string_view target = "/") {
    return HttpClient(endpoint).get(target).status;
}

bool refuses(const Endpoint& endpoint) {
    try {
        connect_to(endpoint);
        return false;
    } catch (const std::system_error&) {
        return true;
    }
}

Endpoint free_endpoint() { return listening_socket().second; }
std::string text_of(const Endpoint& endpoint) {
    return endpoint.host + ":" + std::to_string(endpoint.port);
}

}  // namespace

TEST_SUITE("daemon reload listeners") {
    TEST_CASE("Addresses are added and removed, and port 0 keeps the port that it got") {
        LiveServer server(bound_to("127.0.0.1"));
        const Endpoint first = server.endpoint(), second = free_endpoint();
        HttpClient old(first);
        CHECK(old.get("/").status == 200);
        server.reload(bound_to("127.0.0.1 " + text_of(second)));
        REQUIRE(server.announced().size() == 2);
        CHECK(server.announced()[0].port == first.port);
        CHECK(status_at(first) == 200);
        CHECK(status_at(second) == 200);
        server.reload(bound_to(text_of(second)));
        CHECK(eventually([&] { return refuses(first); }));
        CHECK(status_at(second) == 200);
        CHECK(old.get("/").status == 200);  // what was open goes on
        server.reload(bound_to(text_of(first) + " " + text_of(second)));
        CHECK(status_at(first) == 200);
        CHECK(status_at(second) == 200);
    }

    TEST_CASE("The same port on all addresses follows one on a single address, and back") {
        const std::string port = std::to_string(free_endpoint().port);
        LiveServer server(bound_to("127.0.0.1:" + port));
        HttpClient open(server.endpoint());
        CHECK(open.get("/").status == 200);
        for (const char* host : {"0.0.0.0", "127.0.0.1"}) {
            CAPTURE(std::string(host));
            CHECK(has(server.reload(bound_to(host + (":" + port))), "info: Reloaded: "));
            CHECK(status_at(server.endpoint()) == 200);
            CHECK(open.get("/").status == 200);
        }
        // Nobody else gets in beside it.
        Output second = run_daemon({"--bind", "127.0.0.1", "--root", "/tmp", port});
        CHECK(second.exit_status == 2);
        CHECK(has(second.err, "Address already in use"));
    }

    TEST_CASE("Who waits in a socket that goes away is served") {
        LiveServer server(bound_to("127.0.0.1"));
        for (int round = 0; round < 20; ++round) {
            const Endpoint other = free_endpoint();
            server.reload(bound_to("127.0.0.1 " + text_of(other)));
            server.write_settings(bound_to("127.0.0.1"));
            std::vector<std::unique_ptr<HttpClient>> clients;
            for (int i = 0; i < 50; ++i) {
                if (i == 20) server.signal(SIGHUP);
                try {
                    clients.push_back(std::make_unique<HttpClient>(other));
                    clients.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
                } catch (const std::system_error&) {
                    break;  // closed by now
                }
                if (i < 20) CHECK(clients.back()->receive().status == 200);
            }
            CHECK(clients.size() >= 20);
            CHECK(server.logs("Reloaded: ", static_cast<std::size_t>(2 * round + 2)));
            CHECK(status_at(server.endpoint()) == 200);
        }
    }

    TEST_CASE("Clients in the queue of a stopped server's socket are taken before it goes") {
        LiveServer server(bound_to("127.0.0.1"));
        const TempDir directory;
        const Endpoint file{directory / "sock", 0};
        server.reload(bound_to("127.0.0.1 unix:" + file.host));
        server.write_settings(bound_to("127.0.0.1"));
        server.signal(SIGSTOP);
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 50; ++i) {
            clients.push_back(std::make_unique<HttpClient>(file));
            clients.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        server.signal(SIGHUP);
        server.signal(SIGCONT);
        for (auto& client : clients) CHECK(client->receive().status == 200);
        CHECK(server.logs("Reloaded: ", 2));
        CHECK(refuses(file));
    }

    TEST_CASE("A unix socket comes with its file, stays, and takes the file with it") {
        LiveServer server(bound_to("127.0.0.1"));
        const Endpoint file{server.work() / "sock", 0};
        const auto exists = [&] { return std::filesystem::exists(file.host); };
        server.reload(bound_to("127.0.0.1 unix:" + file.host));
        CHECK(status_at(file) == 200);
        HttpClient open(file);
        server.reload(bound_to("unix:" + file.host + " 127.0.0.1"));
        CHECK(exists());
        CHECK(status_at(file) == 200);
        server.reload(bound_to("127.0.0.1"));
        CHECK(eventually([&] { return !exists(); }));
        CHECK(open.get("/").status == 200);
        server.reload(bound_to("127.0.0.1 unix:" + file.host));
        CHECK(status_at(file) == 200);
        server.signal(SIGTERM);
        CHECK(server.end_status() == 0);
        CHECK_FALSE(exists());
    }

    TEST_CASE("A unix socket of settings that are refused leaves no file") {
        LiveServer server(bound_to("127.0.0.1"));
        const auto [taken, somebody] = listening_socket();
        server.expect("Not reloaded");
        server.reload(
            bound_to("127.0.0.1 unix:{work}/sock", "health_bind = " + text_of(somebody) + "\n"));
        CHECK_FALSE(std::filesystem::exists(server.work() / "sock"));
    }

    TEST_CASE("health_bind and health change") {
        const Endpoint one = free_endpoint(), two = free_endpoint();
        LiveServer server(bound_to("127.0.0.1", "health_bind = " + text_of(one) + "\n"));
        HttpClient probe(one);
        CHECK(probe.get("/healthz").status == 200);
        CHECK(status_at(server.endpoint(), "/healthz") == 404);
        server.reload(bound_to("127.0.0.1", "health_bind = " + text_of(two) + "\nhealth = on\n"));
        CHECK(eventually([&] { return refuses(one); }));
        CHECK(status_at(two, "/readyz") == 200);
        CHECK(status_at(two, "/") == 404);
        CHECK(status_at(server.endpoint(), "/healthz") == 200);
        CHECK(probe.get("/healthz").status == 200);
        CHECK(server.announced().size() == 1);  // not where probes ask
        server.reload(bound_to(text_of(two)));  // the same address, for clients now
        CHECK(status_at(two, "/") == 200);
        CHECK(status_at(two, "/healthz") == 404);
    }
}
