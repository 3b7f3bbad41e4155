// HTTPSServer and ThreadingHTTPSServer with the arguments of Python's.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include "server/https_server.hpp"
#include "server/tls/tls_sites.hpp"
#include "tests/support/test_tls_server.hpp"

using namespace basehttp;

namespace {

const Address any_port{"127.0.0.1", 0};

const TlsFiles& locked_files() {
    static const TlsFiles files = TestCa::shared().issue("https-locked", {.password = "sesame"});
    return files;
}

/// Certificate and key in one file.
std::string combined_file() {
    const TlsFiles& files = TestCa::shared().localhost();
    const std::string combined = TestCa::shared().directory() / "https-combined.pem";
    std::ofstream out(combined, std::ios::binary);
    out << std::ifstream(files.certificate).rdbuf() << std::ifstream(files.key).rdbuf();
    return combined;
}

template <class Base>
struct WithKey : Base {
    WithKey(Address address, HandlerFactory handler)
        : Base(std::move(address), std::move(handler), TestCa::shared().localhost().certificate,
               TestCa::shared().localhost().key) {}
};

struct WithPassword : ThreadingHTTPSServer {
    WithPassword(Address address, HandlerFactory handler)
        : ThreadingHTTPSServer(std::move(address), std::move(handler), locked_files().certificate,
                               locked_files().key, "sesame") {}
};

struct WithOneFile : HTTPSServer {
    WithOneFile(Address address, HandlerFactory handler)
        : HTTPSServer(std::move(address), std::move(handler), combined_file()) {}
};

struct WithProtocols : HTTPSServer {
    WithProtocols(Address address, HandlerFactory handler)
        : HTTPSServer(std::move(address), std::move(handler),
                      TestCa::shared().localhost().certificate, TestCa::shared().localhost().key,
                      "", {"spam/1", "http/1.1"}) {}
};

/// Bound and activated later, by hand.
struct Later : HTTPSServer {
    Later(Address address, HandlerFactory handler)
        : HTTPSServer(std::move(address), std::move(handler),
                      TestCa::shared().localhost().certificate, TestCa::shared().localhost().key,
                      "", {"http/1.1"}, false) {
        CHECK(fileno() == -1);
        server_bind();
        server_activate();
    }
};

/// What the handler saw of TLS; the client has verified the certificate.
template <class Server>
std::string tls_seen(const std::vector<std::string>& alpn = {}) {
    TestServer<Server> server(tls_info_handler());
    RawClient client = tls_client(server, {.alpn = alpn});
    return ask(client);
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE_TEMPLATE("An HTTPSServer speaks TLS with its certificate and key", Server,
                       WithKey<HTTPSServer>, WithKey<ThreadingHTTPSServer>) {
        CHECK(contains(tls_seen<Server>(), "\r\n\r\nTLSv1.3|"));
    }

    TEST_CASE("An HTTPSServer finds its key in the certificate's file when no other is named") {
        CHECK(contains(tls_seen<WithOneFile>(), "\r\n\r\nTLSv1.3|"));
    }

    TEST_CASE("An HTTPSServer opens its key with a password") {
        CHECK(contains(tls_seen<WithPassword>(), "\r\n\r\nTLSv1.3|"));
        CHECK_THROWS_AS(HTTPSServer(any_port, echo_handler(), locked_files().certificate,
                                    locked_files().key, "not this"),
                        TlsError);
    }

    TEST_CASE("An HTTPSServer agrees on a protocol by ALPN, its own order first") {
        CHECK(contains(tls_seen<WithProtocols>({"http/1.1"}), "|http/1.1|"));
        CHECK(contains(tls_seen<WithProtocols>({"http/1.1", "spam/1"}), "|spam/1|"));
        CHECK(contains(tls_seen<WithProtocols>(), "|localhost||"));
    }

    TEST_CASE("An HTTPSServer may be activated later") {
        CHECK(contains(tls_seen<Later>(), "\r\n\r\nTLSv1.3|"));
    }
}
