#include "server/tls/tls_context.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "server/fd.hpp"
#include "server/tls/self_signed.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {
namespace {

/// Mozilla's intermediate configuration without finite-field Diffie-Hellman: no client that speaks
/// TLS 1.2 with authenticated encryption needs it. TLS 1.3 has its own, all good.
constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
/// The same configuration's order for TLS 1.3.
constexpr const char* intermediate_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr long cached_sessions = 4096;

/// Whether the kernel has TLS (kTLS). Asked once: without it OpenSSL would ask for each connection,
/// and the kernel would look for its module twice each time.
bool kernel_speaks_tls() {
    const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    constexpr std::string_view name = "tls";
    // A socket that is not connected cannot have it; another error means that there is none.
    return ::setsockopt(probe.get(), IPPROTO_TCP, TCP_ULP, name.data(), name.size()) == 0 ||
           errno == ENOTCONN;
}

[[noreturn]] void fail(const std::string& what) { throw TlsError(what + ": " + openssl_reason()); }

/// Without this OpenSSL would ask for the password at the terminal.
int give_password(char* out, int size, int, void* password) {
    const std::string& text = *static_cast<const std::string*>(password);
    if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
    std::copy(text.begin(), text.end(), out);
    return static_cast<int>(text.size());
}

/// RFC 7301 section 3.2: ours come first; nothing in common is an alert.
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void* ours_) {
    const auto& ours = *static_cast<const std::vector<unsigned char>*>(ours_);
    unsigned char* selected = nullptr;
    const int result = SSL_select_next_proto(&selected, out_size, ours.data(),
                                             static_cast<unsigned>(ours.size()), in, in_size);
    *out = selected;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int verify_mode(ClientCertificates client) {
    if (client == ClientCertificates::off) return SSL_VERIFY_NONE;
    const int required =
        client == ClientCertificates::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    return SSL_VERIFY_PEER | required;
}

int self_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

std::string quoted_name(const std::string& name) { return "'" + name + "'"; }

}  // namespace

std::string openssl_reason() {
    const unsigned long code = ERR_peek_error();  // the first, which is closest to the cause
    ERR_clear_error();
    if (code == 0) return "no reason is known";
    if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
    const char* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
}

TlsContext::TlsContext(const TlsSettings& settings, const TlsSites& sites, TicketKeys& ticket_keys)
    : context_(SSL_CTX_new(TLS_server_method())),
      client_ca_(settings.client_ca),
      client_(settings.client) {
    if (!context_) fail("TLS cannot be set up");
    set_protocol(settings);
    for (const TlsCertificate& files : settings.certificates) load(files);
    if (settings.self_signed) make_self_signed(settings);
    if (key_types_.empty()) throw TlsError("TLS needs a certificate");
    set_clients(settings);
    set_sessions(settings);
    ticket_keys.attach(get());
    SSL_CTX_set_ex_data(get(), self_index(), this);
    SSL_CTX_set_client_hello_cb(get(), choose_tls_site, const_cast<TlsSites*>(&sites));
    if (settings.hsts.count() > 0)
        fields_ =
            "Strict-Transport-Security: max-age=" + std::to_string(settings.hsts.count()) + "\r\n";
}

void TlsContext::set_protocol(const TlsSettings& settings) {
    const int least = settings.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION;
    const char* const ciphers =
        settings.ciphers.empty() ? intermediate_ciphers : settings.ciphers.c_str();
    if (SSL_CTX_set_min_proto_version(get(), least) != 1) fail("TLS cannot be set up");
    if (SSL_CTX_set_cipher_list(get(), ciphers) != 1)
        fail("the ciphers " + quoted_name(ciphers) + " cannot be used");
    if (SSL_CTX_set_ciphersuites(get(), intermediate_suites) != 1) fail("TLS cannot be set up");
    // The hybrid with ML-KEM is there from OpenSSL 3.5 on.
    if (SSL_CTX_set1_groups_list(get(), "X25519MLKEM768:X25519:P-256:P-384") != 1 &&
        SSL_CTX_set1_groups_list(get(), "X25519:P-256:P-384") != 1)
        fail("TLS cannot be set up");
    ERR_clear_error();
    // HTTP's own framing tells whether something is missing at an end without close_notify.
    SSL_CTX_set_options(get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (kernel_speaks_tls()) SSL_CTX_set_options(get(), SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_mode(get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(get(), 1);
    for (const std::string& protocol : settings.alpn_protocols) {
        if (protocol.empty() || protocol.size() > 255)
            throw TlsError("the ALPN protocol " + quoted_name(protocol) +
                           " must have 1 to 255 characters");
        alpn_.push_back(static_cast<unsigned char>(protocol.size()));
        alpn_.insert(alpn_.end(), protocol.begin(), protocol.end());
    }
    if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(get(), select_alpn, &alpn_);
}

void TlsContext::load(const TlsCertificate& files) {
    std::string password = files.password;
    SSL_CTX_set_default_passwd_cb(get(), give_password);
    SSL_CTX_set_default_passwd_cb_userdata(get(), &password);
    if (SSL_CTX_use_certificate_chain_file(get(), files.certificate.c_str()) != 1)
        fail("the certificate " + quoted_name(files.certificate) + " cannot be used");
    const std::string& key = files.key.empty() ? files.certificate : files.key;
    if (SSL_CTX_use_PrivateKey_file(get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        fail("the key " + quoted_name(key) + " of " + quoted_name(files.certificate) +
             " cannot be used");
    if (SSL_CTX_check_private_key(get()) != 1)
        fail("the key " + quoted_name(key) + " does not belong to " +
             quoted_name(files.certificate));
    SSL_CTX_set_default_passwd_cb_userdata(get(), nullptr);
    const int type = EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(get()));
    if (std::find(key_types_.begin(), key_types_.end(), type) != key_types_.end())
        throw TlsError("the certificate " + quoted_name(files.certificate) +
                       " has the same type of key as another one; give one for each type");
    key_types_.push_back(type);
}

void TlsContext::make_self_signed(const TlsSettings& settings) {
    const SelfSigned made = make_self_signed_certificate(settings.names);
    if (SSL_CTX_use_certificate(get(), made.certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(get(), made.key.get()) != 1)
        fail("a self-signed certificate cannot be used");
    key_types_.push_back(EVP_PKEY_EC);
}

void TlsContext::set_clients(const TlsSettings& settings) {
    SSL_CTX_set_verify(get(), verify_mode(client_), nullptr);
    if (client_ == ClientCertificates::off) return;
    const std::string& file = settings.client_ca;
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(get(), file.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        fail("the client authorities " + quoted_name(file) + " cannot be used");
    }
    SSL_CTX_set_client_CA_list(get(), names);  // takes them over
}

/// A session of one site must not open another one: who was asked for a certificate there was not
/// asked here.
void TlsContext::set_sessions(const TlsSettings& settings) {
    const std::string identity = fingerprint() + client_ca_ + std::to_string(verify_mode(client_));
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(identity.data()), identity.size(), digest.data());
    SSL_CTX_set_session_id_context(get(), digest.data(), digest.size());
    SSL_CTX_set_session_cache_mode(get(), SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(get(), cached_sessions);
    SSL_CTX_set_timeout(get(), static_cast<long>(settings.session_timeout.count()));
    if (!settings.tickets) SSL_CTX_set_options(get(), SSL_OP_NO_TICKET);
    session_id_context_.assign(digest.begin(), digest.end());
}

std::string TlsContext::fingerprint() const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509* const certificate = SSL_CTX_get0_certificate(get());
    if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1)
        return "";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text = "SHA-256 ";
    for (unsigned i = 0; i < size; ++i) {
        if (i > 0) text += ':';
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

std::string_view TlsContext::date_trouble() const {
    const X509* const certificate = SSL_CTX_get0_certificate(get());
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return "has expired";
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return "is not valid yet";
    return {};
}

const TlsContext& TlsContext::of(const SSL* ssl) {
    return *static_cast<const TlsContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), self_index()));
}

void TlsContext::take_over(SSL* ssl) const {
    SSL_set_SSL_CTX(ssl, get());
    SSL_set_verify(ssl, verify_mode(client_), nullptr);
    SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(get())));
    if ((SSL_CTX_get_options(get()) & SSL_OP_NO_TICKET) != 0)
        SSL_set_options(ssl, SSL_OP_NO_TICKET);
    else
        SSL_clear_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_session_id_context(ssl, session_id_context_.data(),
                               static_cast<unsigned>(session_id_context_.size()));
}

}  // namespace basehttp
