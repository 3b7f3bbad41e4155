// One site's certificates and rules of TLS, as OpenSSL wants them. Includes OpenSSL: internal.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/tls/ticket_keys.hpp"
#include "server/tls/tls_settings.hpp"

namespace basehttp {

class TlsSites;

/// What OpenSSL has to say about the last failure on this thread; empties its queue.
std::string openssl_reason();

/// OpenSSL's client_hello callback: gives the handshake to the site whose name it asks for, before
/// anything else of the hello is looked at. `sites` is a TlsSites.
int choose_tls_site(SSL* ssl, int* alert, void* sites);

/// Immutable once made, but for OpenSSL's own session cache, which has a lock. Any thread.
class TlsContext {
  public:
    /// Throws TlsError.
    TlsContext(const TlsSettings& settings, const TlsSites& sites, TicketKeys& ticket_keys);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    SSL_CTX* get() const { return context_.get(); }
    /// That of a connection.
    static const TlsContext& of(const SSL* ssl);
    /// Header fields for each answer, with CRLF: Strict-Transport-Security, or none.
    const std::string& fields() const { return fields_; }
    ClientCertificates client() const { return client_; }
    const std::string& client_ca() const { return client_ca_; }
    /// "SHA-256 AB:CD:...", of the first certificate.
    std::string fingerprint() const;
    /// "has expired", "is not valid yet", or nothing; of the last certificate.
    std::string_view date_trouble() const;
    /// Makes a handshake that began with another site go on with this one.
    void take_over(SSL* ssl) const;

  private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    void set_protocol(const TlsSettings& settings);
    void load(const TlsCertificate& files);
    void make_self_signed(const TlsSettings& settings);
    void set_clients(const TlsSettings& settings);
    void set_sessions(const TlsSettings& settings);

    std::unique_ptr<SSL_CTX, Free> context_;
    std::vector<unsigned char> alpn_;  // as on the wire
    std::vector<unsigned char> session_id_context_;
    std::string fields_;
    std::string client_ca_;
    ClientCertificates client_;
    std::vector<int> key_types_;
};

}  // namespace basehttp
