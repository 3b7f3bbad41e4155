// /healthz and /readyz, on the listeners of the sites and on one of their own.
#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

std::string health_at(const Endpoint& endpoint, std::string_view more = {}) {
    return "[server]\nbind = 127.0.0.1\nport = 0\n" + std::string(more) +
           "health_bind = 127.0.0.1:" + std::to_string(endpoint.port) +
           "\n[site]\nroot = {work}/site\n";
}

}  // namespace

TEST_SUITE("daemon health") {
    TEST_CASE("Without the switch, the site has these names itself") {
        LiveServer server(usual_settings);
        server.work().write("site/healthz", "mine");
        HttpClient client(server.endpoint());
        CHECK(client.get("/healthz").body == "mine");
        CHECK(client.get("/readyz").status == 404);
    }

    TEST_CASE("On the main listener they are the server's, for any host and site") {
        LiveServer server(
            "[server]\nbind = 127.0.0.1\nport = 0\nhealth = on\n[site]\nroot = "
            "{work}/site\n[site a.test]\nroot = {work}/site\n");
        server.work().write("site/healthz", "mine");
        HttpClient client(server.endpoint());
        for (const char* host : {"a.test", "unknown.test", "127.0.0.1:1", "[::1]"})
            for (const char* target : {"/healthz", "/readyz"}) {
                const Reply reply = client.get(target, {{"Host", host}});
                CHECK(reply.status == 200);
                CHECK(reply.body == "ok\n");
                CHECK(reply.get("Cache-Control") == "no-store");
            }
        CHECK(client.get("/file").status == 404);
        CHECK(eventually([&] { return read_text(server.work() / "access.log") != ""; }));
        const std::string log = read_text(server.work() / "access.log");
        CHECK(lines_of(log).size() == 1);
        CHECK(has(log, "\"GET /file HTTP/1.1\" 404"));
    }

    TEST_CASE("Their own listener has nothing else, and no site") {
        const Endpoint probes = listening_socket().second;
        LiveServer server(health_at(probes));
        server.work().write("site/healthz", "mine");
        server.work().write("site/file.txt", "x");
        CHECK(HttpClient(server.endpoint()).get("/healthz").body == "mine");
        HttpClient client(probes);
        for (const char* target : {"/healthz", "/readyz"}) CHECK(client.get(target).body == "ok\n");
        for (const char* target : {"/", "/file.txt", "/healthz/", "/healthz?x", "/Healthz"})
            CHECK(HttpClient(probes).get(target).status == 404);
        for (const char* method : {"POST", "PUT", "OPTIONS", "DELETE"}) {
            const Reply reply = HttpClient(probes).request(method, "/healthz");
            CHECK(reply.status == 404);
        }
        HttpClient with_body(probes);
        with_body.send("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
        CHECK(with_body.receive().status == 404);
    }

    TEST_CASE("Over TLS, too: 200, and not ready when the end has begun") {
        LiveServer server(
            "[server]\nbind = 127.0.0.1\nport = 0\nhealth = on\n[timeouts]\n"
            "drain_delay = 1h\n[site]\nroot = {work}/site\n" +
            tls_ini());
        HttpClient client(server.endpoint(), TlsClientOptions{});
        CHECK(client.get("/readyz").status == 200);
        server.signal(SIGTERM);
        CHECK(server.logs("not ready any more"));
        CHECK(client.get("/readyz").status == 503);
        CHECK(HttpClient(server.endpoint(), TlsClientOptions{}).get("/healthz").status == 200);
        server.signal(SIGTERM);
        CHECK(server.end_status() == 1);
    }

    TEST_CASE("Limits of connections do not hold up those who ask their own listener") {
        const Endpoint probes = listening_socket().second;
        LiveServer server(health_at(probes) + "[limits]\nconnections = 2\n");
        server.expect("2 connections are open: new ones wait");
        HttpClient one(server.endpoint()), two(server.endpoint());
        CHECK(one.get("/").status == 200);
        CHECK(two.get("/").status == 200);
        HttpClient third(server.endpoint());
        third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(server.logs("2 connections are open: new ones wait"));
        CHECK(HttpClient(probes).get("/readyz").status == 200);
    }

    TEST_CASE("With request ids they have one as well") {
        const Endpoint probes = listening_socket().second;
        LiveServer server(health_at(probes, "health = on\n") + "[log]\nrequest_id = on\n");
        for (const Endpoint& endpoint : {probes, server.endpoint()}) {
            HttpClient client(endpoint);
            const std::string one = client.get("/healthz").get("X-Request-Id");
            CHECK(one.size() == 22);
            CHECK(client.get("/readyz").get("X-Request-Id") != one);
        }
    }
}
