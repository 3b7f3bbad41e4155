// Which transport this run of the tests speaks, and the TLS of their clients.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/test_tls_certificates.hpp"

struct ssl_st;
struct ssl_session_st;

namespace basehttp {

class HTTPServer;

/// Whether BASEHTTP_TEST_TRANSPORT is "tls": then servers and clients of the loopback tests speak
/// TLS unless they say otherwise.
bool over_tls();

/// Over TLS: gives the server a certificate for localhost. Else does nothing.
void speak_test_transport(HTTPServer& server);

/// Arguments for curl: the URL of `path` on a server of the tests and, over TLS, whom to trust.
std::string curl_target(std::uint16_t port, const std::string& path);

struct TlsClientOptions {
    std::string server_name = "localhost";     ///< sent (SNI) and verified; empty: neither
    std::string ca = TestCa::shared().file();  ///< empty: the server's certificate is not verified
    TlsFiles own = {};                         ///< our certificate, if we have one
    int min_version = 0, max_version = 0;      ///< such as TLS1_2_VERSION; 0: no bound
    std::vector<std::string> alpn = {};
    std::string ciphers = {};           ///< of TLS 1.2, OpenSSL's syntax
    std::string algorithms = {};        ///< signature algorithms, OpenSSL's syntax
    ssl_session_st* session = nullptr;  ///< to resume
    int max_fragment = 0;               ///< TLSEXT_max_fragment_length_...; 0: not asked for
    bool byte_by_byte = false;          ///< The ClientHello goes in segments of one byte.
};

struct SslFree {
    void operator()(ssl_st* ssl) const;
    void operator()(ssl_session_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_session_st, SslFree>;

/// The client's side of a TLS connection, between two memory BIOs. Throws std::runtime_error.
std::unique_ptr<ssl_st, SslFree> make_client_tls(const TlsClientOptions& options);

/// OpenSSL's last error in words, such as "tlsv1 alert protocol version".
std::string tls_error_text();

}  // namespace basehttp
