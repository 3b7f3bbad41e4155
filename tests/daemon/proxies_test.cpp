// What a proxy tells of its client, in scripts, redirects and the access log.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;
using namespace std::string_literals;

namespace {

/// A script that tells who asked it and how, and a page.
struct Site {
    CgiSite site;
    Site() {
        site.script("who",
                    "#!/bin/sh\necho Content-Type: text/plain\necho\n"
                    "echo \"$REMOTE_ADDR ${REMOTE_PORT-no port}, $REQUEST_SCHEME, "
                    "HTTPS=${HTTPS-}, port $SERVER_PORT\"\n");
        site.files().write("page.html", "page");
    }
};

/// A daemon with a plain port and, if `tls` says more than nothing, one that speaks TLS.
struct Ports {
    Ports(const CgiSite& site, const std::string& server, const std::string& tls = {},
          std::vector<std::string> expected_log = {})
        : daemon({.root = site.root(),
                  .ini = cgi_ini() + "[server]\nbind = 127.0.0.1\nport = 0\n" + server +
                         (tls.empty() ? "" : tls_ini("port = 0\n" + tls)),
                  .arguments = {"--loops", "1"},  // log lines are in order
                  .expected_log = std::move(expected_log),
                  .activation = false}) {
        find_ports(daemon, http, https);
    }
    Daemon daemon;
    Endpoint http, https;
};

std::string request_for(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
           "Connection: close\r\n\r\n";
}

/// All that comes after `greeting`, sent before anything else, and `request`.
std::string exchange_after(const Endpoint& endpoint, bool tls, const std::string& greeting,
                           const std::string& request) {
    Fd socket = connect_to(endpoint);
    REQUIRE(::send(socket.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(greeting.size()));
    ClientStream stream =
        tls ? ClientStream(std::move(socket), TlsClientOptions{}) : ClientStream(std::move(socket));
    std::string all;
    if (stream.send(request))
        while (stream.receive(all)) continue;
    return all;
}

RawReply ask(const Endpoint& endpoint, const std::string& request) {
    return parse_reply(exchange_after(endpoint, false, "", request));
}

/// `pattern` with the server's port in place of "SERVER"; "OWN" stands for the port of the client
/// itself, which is any.
void check_told(const std::string& told, std::string pattern, const Endpoint& server) {
    const std::size_t at = pattern.find("SERVER");
    if (at != pattern.npos) pattern.replace(at, 6, std::to_string(server.port));
    const std::size_t own = pattern.find("OWN");
    if (own == pattern.npos) {
        CHECK(told == pattern + "\n");
        return;
    }
    CHECK(told.starts_with(pattern.substr(0, own)));
    CHECK(told.ends_with(pattern.substr(own + 3) + "\n"));
    CHECK(std::stoi("0" + told.substr(own)) > 0);
}

/// The first words of the lines of the access log, which has so many.
std::vector<std::string> clients_of(const Daemon& daemon, std::size_t lines) {
    std::vector<std::string> clients;
    for (const std::string& line : lines_of(daemon.access_log(lines)))
        clients.push_back(line.substr(0, line.find(' ')));
    return clients;
}

const std::string v2 = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v2_local = v2 + "\x20\x00\x00\x00"s;
const std::string v2_tcp4 = v2 + "\x21\x11\x00\x0f"s + "\xc0\x00\x02\x02"s + "\xc6\x33\x64\x01"s +
                            "\xdc\x04\x01\xbb"s + "\x04\x00\x00"s;  // with a TLV, NOOP
const std::string v2_tcp6 = v2 + "\x21\x21\x00\x24"s +
                            "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"s + std::string(16, '\1') +
                            "\x00\x50\x01\xbb"s;

}  // namespace

TEST_SUITE("daemon proxies") {
    TEST_CASE_FIXTURE(Site, "A script and the access log hear of the client from a trusted proxy") {
        const struct {
            std::string fields, told, logged;
        } rows[] = {
            {"", "127.0.0.1 OWN, http, HTTPS=, port SERVER", "127.0.0.1"},
            {"X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1 no port, http, HTTPS=, port SERVER",
             "192.0.2.1"},
            {"X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1 4711, http, HTTPS=, port SERVER",
             "192.0.2.1"},
            {"X-Forwarded-For: [2001:DB8::1]:80, 10.0.0.1\r\n",
             "2001:db8::1 80, http, HTTPS=, port SERVER", "2001:db8::1"},
            {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.9\r\n",
             "192.0.2.9 no port, http, HTTPS=, port SERVER", "192.0.2.9"},
            {"X-Forwarded-For: unknown\r\n", "127.0.0.1 OWN, http, HTTPS=, port SERVER",
             "127.0.0.1"},
            {"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
             "192.0.2.1 no port, https, HTTPS=on, port SERVER", "192.0.2.1"},
            {"X-Forwarded-Proto: https, http\r\n", "127.0.0.1 OWN, http, HTTPS=, port SERVER",
             "127.0.0.1"},
            {"Forwarded: for=192.0.2.1;proto=https\r\nX-Real-IP: 192.0.2.1\r\n",
             "127.0.0.1 OWN, http, HTTPS=, port SERVER", "127.0.0.1"},
        };
        Ports ports(site, "trusted_proxies = 127.0.0.1 10.0.0.0/8\n");
        std::vector<std::string> logged;
        for (const auto& row : rows) {
            CAPTURE(row.fields);
            check_told(ask(ports.http, request_for("/cgi-bin/who", row.fields)).body, row.told,
                       ports.http);
            logged.push_back(row.logged);
        }
        CHECK(clients_of(ports.daemon, logged.size()) == logged);
    }

    TEST_CASE_FIXTURE(Site, "Nobody else is believed, neither in scripts nor in the log") {
        const std::string lies =
            "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n";
        for (const std::string trusted : {"", "trusted_proxies = 10.0.0.0/8 unix ::1\n"}) {
            CAPTURE(trusted);
            Ports ports(site, trusted);
            check_told(ask(ports.http, request_for("/cgi-bin/who", lies)).body,
                       "127.0.0.1 OWN, http, HTTPS=, port SERVER", ports.http);
            CHECK(ask(ports.http, request_for("/page.html", lies)).body == "page");
            CHECK(clients_of(ports.daemon, 2) == std::vector<std::string>(2, "127.0.0.1"));
        }
    }

    TEST_CASE_FIXTURE(Site, "A proxy on a unix socket is trusted by that word") {
        const std::string socket = (site.files() / "http.sock").string();
        const std::string forwarded = request_for(
            "/cgi-bin/who", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n");
        const struct {
            std::string trusted, told;
        } rows[] = {
            {"trusted_proxies = unix\n", "192.0.2.1 no port, https, HTTPS=on, port 443\n"},
            {"trusted_proxies = 127.0.0.1\n", "127.0.0.1 no port, http, HTTPS=, port 80\n"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.trusted);
            const Daemon daemon(
                {.root = site.root(),
                 .ini = cgi_ini() + "[server]\nbind = unix:" + socket + "\n" + row.trusted,
                 .activation = false});
            CHECK(ask(daemon.endpoint(), forwarded).body == row.told);
        }
    }

    TEST_CASE_FIXTURE(Site, "Who comes by https to a trusted proxy is not sent to https again") {
        const std::string https = "X-Forwarded-Proto: https\r\n";
        const struct {
            std::string trusted, fields;
            int status;
        } rows[] = {
            {"127.0.0.1", https, 200},
            {"127.0.0.1", "", 301},
            {"127.0.0.1", "X-Forwarded-Proto: http\r\n", 301},
            {"10.0.0.0/8", https, 301},
        };
        for (const auto& row : rows) {
            CAPTURE(row.trusted);
            CAPTURE(row.fields);
            const Ports ports(site, "trusted_proxies = " + row.trusted + "\n", "redirect = on\n");
            for (const std::string target : {"/page.html", "/page.html", "/cgi-bin/who"}) {
                const RawReply reply = ask(ports.http, request_for(target, row.fields));
                CHECK(reply.status == row.status);
                CHECK(has(reply.head, "\r\nLocation: https://localhost:") == (row.status == 301));
            }
        }
    }

    TEST_CASE_FIXTURE(Site, "A PROXY header tells the client, on a plain port and before TLS") {
        const struct {
            std::string greeting, fields, client, logged;
        } rows[] = {
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "", "192.0.2.1 56324", "192.0.2.1"},
            {"PROXY TCP6 2001:db8::1 ::1 1024 443\r\n", "", "2001:db8::1 1024", "2001:db8::1"},
            {"PROXY UNKNOWN\r\n", "X-Forwarded-For: 203.0.113.9\r\n", "127.0.0.1 OWN", "127.0.0.1"},
            {v2_tcp4, "", "192.0.2.2 56324", "192.0.2.2"},
            {v2_tcp6, "", "2001:db8::9 80", "2001:db8::9"},
            {v2_local, "", "127.0.0.1 OWN", "127.0.0.1"},
            // Its X-Forwarded-For counts if the client of the header is a trusted proxy as well.
            {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "X-Forwarded-For: 203.0.113.9\r\n",
             "192.0.2.1 56324", "192.0.2.1"},
            {"PROXY TCP4 10.0.0.1 198.51.100.1 56324 443\r\n", "X-Forwarded-For: 203.0.113.9\r\n",
             "203.0.113.9 no port", "203.0.113.9"},
        };
        Ports ports(site, "trusted_proxies = 127.0.0.1 10.0.0.0/8\nproxy_protocol = on\n",
                    "hsts = 1h\n");
        std::vector<std::string> logged;
        for (const auto& row : rows)
            for (const bool tls : {false, true}) {
                CAPTURE(row.greeting);
                CAPTURE(row.fields);
                CAPTURE(tls);
                const Endpoint& endpoint = tls ? ports.https : ports.http;
                const std::string told =
                    parse_reply(exchange_after(endpoint, tls, row.greeting,
                                               request_for("/cgi-bin/who", row.fields)))
                        .body;
                check_told(told,
                           row.client + (tls ? ", https, HTTPS=on, port SERVER"
                                             : ", http, HTTPS=, port SERVER"),
                           endpoint);
                logged.push_back(row.logged);
            }
        CHECK(clients_of(ports.daemon, logged.size()) == logged);
    }

    TEST_CASE_FIXTURE(Site, "A trusted proxy without a PROXY header is closed, and the log says") {
        const Ports ports(site, "trusted_proxies = 127.0.0.1\nproxy_protocol = on\n", "",
                          {"server.proxy_protocol is on and its PROXY header is bad"});
        for (const std::string& greeting : {""s, "PROXY TCP4 what\r\n"s, v2 + "\x31\x11\0\0"s}) {
            CAPTURE(greeting);
            CHECK(exchange_after(ports.http, false, greeting, request_for("/page.html")) == "");
        }
        CHECK(ports.daemon.access_log() == "");
    }

    TEST_CASE_FIXTURE(Site, "From anybody else a PROXY header is a bad request, and none is due") {
        Ports ports(site, "trusted_proxies = 10.0.0.0/8\nproxy_protocol = on\n", "hsts = 1h\n");
        const std::string v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";
        for (const std::string& greeting : {v1, v2_tcp4}) {
            CAPTURE(greeting);
            const std::string answer =
                exchange_after(ports.http, false, greeting, request_for("/cgi-bin/who"));
            CHECK(answer.starts_with("HTTP/1.1 400 "));
            CHECK(answer.find("HTTP/1.1", 1) == answer.npos);  // what followed is not answered
        }
        CHECK(exchange_after(ports.https, false, v1, "").starts_with("HTTP/1.1 400 "));
        for (const bool tls : {false, true})
            check_told(parse_reply(exchange_after(tls ? ports.https : ports.http, tls, "",
                                                  request_for("/cgi-bin/who")))
                           .body,
                       tls ? "127.0.0.1 OWN, https, HTTPS=on, port SERVER"
                           : "127.0.0.1 OWN, http, HTTPS=, port SERVER",
                       tls ? ports.https : ports.http);
        for (const std::string& client : clients_of(ports.daemon, 4)) CHECK(client == "127.0.0.1");
    }
}
