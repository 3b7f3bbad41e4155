#include "tests/support/test_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "server/http_server.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("TLS client: ") + what + tls_error_text());
}

/// Allows whatever the library still has, so that the server's refusals can be tested.
Context make_context() {
    Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    must(context != nullptr, "no context");
    SSL_CTX_set_min_proto_version(context.get(), 0);
    SSL_CTX_set_security_level(context.get(), 0);
    return context;
}

void set_files(SSL_CTX* context, const TlsClientOptions& options) {
    if (!options.ca.empty()) {
        must(SSL_CTX_load_verify_file(context, options.ca.c_str()) == 1, "no CA ");
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (options.own.key.empty()) return;
    must(SSL_CTX_use_certificate_chain_file(context, options.own.certificate.c_str()) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, options.own.key.c_str(), SSL_FILETYPE_PEM) == 1,
         "no certificate ");
}

/// The wire form: each name after its length.
std::string alpn_list(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += static_cast<char>(name.size()) + name;
    return list;
}

void set_wishes(SSL* ssl, const TlsClientOptions& options) {
    SSL_set_min_proto_version(ssl, options.min_version);
    SSL_set_max_proto_version(ssl, options.max_version);
    if (options.max_fragment != 0)
        SSL_set_tlsext_max_fragment_length(ssl, static_cast<std::uint8_t>(options.max_fragment));
    if (!options.server_name.empty()) {
        SSL_set_tlsext_host_name(ssl, options.server_name.c_str());
        if (!options.ca.empty()) SSL_set1_host(ssl, options.server_name.c_str());
    }
    const std::string alpn = alpn_list(options.alpn);
    if (!alpn.empty())
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    if (!options.ciphers.empty())
        must(SSL_set_cipher_list(ssl, options.ciphers.c_str()) == 1, "no such cipher ");
    if (!options.algorithms.empty())
        must(SSL_set1_sigalgs_list(ssl, options.algorithms.c_str()) == 1, "no such algorithm ");
    if (options.session != nullptr) must(SSL_set_session(ssl, options.session) == 1, "no session ");
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void SslFree::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }

bool over_tls() {
    const char* const transport = std::getenv("BASEHTTP_TEST_TRANSPORT");
    return transport != nullptr && std::string_view(transport) == "tls";
}

void speak_test_transport(HTTPServer& server) {
    if (!over_tls() || server.tls) return;
    const TlsFiles& files = TestCa::shared().localhost();
    TlsSettings settings;
    settings.certificates = {{files.certificate, files.key, ""}};
    server.tls = std::make_shared<TlsSites>(settings);
}

std::string curl_target(std::uint16_t port, const std::string& path) {
    const std::string rest = "127.0.0.1:" + std::to_string(port) + path;
    if (!over_tls()) return "http://" + rest;
    return "--cacert " + TestCa::shared().file() + " https://" + rest;
}

std::unique_ptr<ssl_st, SslFree> make_client_tls(const TlsClientOptions& options) {
    const Context context = make_context();
    set_files(context.get(), options);
    std::unique_ptr<ssl_st, SslFree> ssl(SSL_new(context.get()));
    must(ssl != nullptr, "no connection");
    BIO* const input = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(input, -1);
    SSL_set_bio(ssl.get(), input, BIO_new(BIO_s_mem()));
    set_wishes(ssl.get(), options);
    SSL_set_connect_state(ssl.get());
    return ssl;
}

std::string tls_error_text() {
    std::string text;
    while (const unsigned long error = ERR_get_error()) {
        const char* const reason = ERR_reason_error_string(error);
        if (text.empty() && reason != nullptr) text = reason;
    }
    return text;
}

}  // namespace basehttp
