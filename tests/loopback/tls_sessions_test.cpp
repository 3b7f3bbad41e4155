// Resumption: a second handshake without certificates, by a ticket or by a session id.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <thread>

#include "tests/support/test_tls_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

struct Kind {
    int version;
    bool tickets;
};
constexpr Kind kinds[] = {{TLS1_2_VERSION, true},
                          {TLS1_2_VERSION, false},
                          {TLS1_3_VERSION, true},
                          {TLS1_3_VERSION, false}};

TlsSettings settings_for(const Kind& kind) {
    TlsSettings settings = tls_settings();
    settings.tickets = kind.tickets;
    return settings;
}

TlsClientOptions options_for(const Kind& kind) {
    return {.min_version = kind.version, .max_version = kind.version};
}

/// A session that is good to resume: one answer has been read.
TlsSession session_of(const TestServerBase& server, const TlsClientOptions& options) {
    RawClient client = tls_client(server, options);
    ask(client, options.server_name);
    return client.stream().session();
}

/// Whether both sides say that the session was resumed.
bool resumes(const TestServerBase& server, TlsClientOptions options, const TlsSession& session) {
    options.session = session.get();
    RawClient client = tls_client(server, options);
    const bool handler_says =
        ask(client, options.server_name).find("|resumed|") != std::string::npos;
    CHECK(handler_says == (SSL_session_reused(client.stream().ssl()) == 1));
    return handler_says;
}

/// Says which of its loops took a request.
struct TwoLoops : ThreadingHTTPServer {
    using ThreadingHTTPServer::ThreadingHTTPServer;
    std::mutex mutex;
    std::set<std::thread::id> loops;
    bool verify_request(Request&, const Address&) override {
        const std::lock_guard lock(mutex);
        loops.insert(std::this_thread::get_id());
        return true;
    }
    std::size_t seen() {
        const std::lock_guard lock(mutex);
        return loops.size();
    }
};

}  // namespace

TEST_SUITE("tls sessions") {
    TEST_CASE("A session is resumed, by its ticket or its id, also when its end was not told") {
        for (const Kind& kind : kinds) {
            CAPTURE(kind.version);
            CAPTURE(kind.tickets);
            TestServer server(tls_info_handler(), SpeaksTls(settings_for(kind)));
            RawClient first = tls_client(server, options_for(kind));
            CHECK(ask(first).find("|new|") != std::string::npos);
            const TlsSession session = first.stream().session();
            CHECK((SSL_SESSION_has_ticket(session.get()) == 1) ==
                  (kind.tickets || kind.version == TLS1_3_VERSION));
            first.stream().truncate();
            for (int i = 0; i < 3; ++i) CHECK(resumes(server, options_for(kind), session));
        }
    }

    TEST_CASE("Each resumption in TLS 1.3 brings another ticket, for clients use one once") {
        const TlsClientOptions options = options_for({TLS1_3_VERSION, true});
        TestServer server(tls_info_handler(), SpeaksTls(tls_settings()));
        TlsSession session = session_of(server, options);
        for (int i = 0; i < 4; ++i) {
            CAPTURE(i);
            TlsClientOptions again = options;
            again.session = session.get();
            RawClient client = tls_client(server, again);
            CHECK(ask(client).find("|resumed|") != std::string::npos);
            TlsSession next = client.stream().session();
            CHECK(next.get() != session.get());
            CHECK(SSL_SESSION_is_resumable(next.get()) == 1);
            session = std::move(next);
        }
    }

    TEST_CASE("A session of one loop is resumed by the other") {
        for (const Kind& kind : kinds) {
            CAPTURE(kind.version);
            CAPTURE(kind.tickets);
            TestServer<TwoLoops> server(tls_info_handler(), [&](TwoLoops& s) {
                SpeaksTls{settings_for(kind)}(s);
                s.settings.loops = 2;
            });
            const TlsSession session = session_of(server, options_for(kind));
            for (int i = 0; i < 500 && (i < 20 || server.server().seen() < 2); ++i)
                REQUIRE(resumes(server, options_for(kind), session));
            CHECK(server.server().seen() == 2);
        }
    }

    TEST_CASE("A session of another server is not resumed, and its client is served") {
        for (const Kind& kind : kinds) {
            CAPTURE(kind.version);
            CAPTURE(kind.tickets);
            TestServer one(tls_info_handler(), SpeaksTls(settings_for(kind)));
            TestServer two(tls_info_handler(), SpeaksTls(settings_for(kind)));
            CHECK_FALSE(resumes(two, options_for(kind), session_of(one, options_for(kind))));
        }
    }

    TEST_CASE("A session of a site resumes there, and opens no other site that asks for more") {
        const TlsFiles one = TestCa::shared().issue(
            "sessions", {.names = {"DNS:open.test", "DNS:closed.test", "DNS:localhost"}});
        for (const Kind& kind : kinds) {
            for (const auto asked : {ClientCertificates::off, ClientCertificates::optional}) {
                CAPTURE(kind.version);
                CAPTURE(kind.tickets);
                TlsSettings open = settings_for(kind);
                open.certificates = {{one.certificate, one.key, ""}};
                open.client_ca = TestCa::shared().file();
                open.client = asked;
                TlsSettings closed = open;
                closed.client = ClientCertificates::required;
                auto sites = std::make_shared<TlsSites>(open);
                sites->add("open.test", open);
                sites->add("closed.test", closed);
                TestServer server(tls_info_handler(), SpeaksTls(sites));

                TlsClientOptions options = options_for(kind);
                options.server_name = "open.test";
                const TlsSession session = session_of(server, options);
                CHECK(resumes(server, options, session));
                options.server_name = "closed.test";
                CHECK_THROWS(resumes(server, options, session));
            }
        }
    }

    TEST_CASE("A session begun with a certificate opens no site of another authority") {
        static const TestCa other("other CA");
        const TlsFiles own = TestCa::shared().issue("guest", {.subject = "guest"});
        for (const Kind& kind : kinds) {
            CAPTURE(kind.version);
            CAPTURE(kind.tickets);
            TlsSettings ours = settings_for(kind);
            ours.client = ClientCertificates::required;
            ours.client_ca = TestCa::shared().file();
            TlsSettings theirs = ours;
            theirs.client_ca = other.file();
            auto sites = std::make_shared<TlsSites>(ours);
            sites->add("theirs.test", theirs);
            TestServer server(tls_info_handler(), SpeaksTls(sites));

            TlsClientOptions options = options_for(kind);
            options.own = own;
            const TlsSession session = session_of(server, options);
            CHECK(resumes(server, options, session));
            options.server_name = "theirs.test";
            options.ca = "";
            CHECK_THROWS(resumes(server, options, session));
        }
    }

    TEST_CASE("A resumed session still knows the client's certificate") {
        const TlsFiles own = TestCa::shared().issue("resuming", {.subject = "resuming client"});
        for (const Kind& kind : kinds) {
            CAPTURE(kind.version);
            CAPTURE(kind.tickets);
            TlsSettings settings = settings_for(kind);
            settings.client = ClientCertificates::required;
            settings.client_ca = TestCa::shared().file();
            TestServer server(tls_info_handler(), SpeaksTls(settings));
            TlsClientOptions options = options_for(kind);
            options.own = own;
            const TlsSession session = session_of(server, options);
            options.session = session.get();
            RawClient client = tls_client(server, options);
            CHECK(ask(client).find("|resumed|verified|CN=resuming client|") != std::string::npos);
        }
    }
}
