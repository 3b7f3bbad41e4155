// How a server, or one of its sites, speaks TLS. Plain values; read when TlsSites is made.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace basehttp {

/// A certificate and its private key, both PEM files.
struct TlsCertificate {
    std::string certificate;    ///< The certificate, then the chain up to the root, without it.
    std::string key = {};       ///< Empty: the key is in the certificate's file.
    std::string password = {};  ///< Of the key, if it is encrypted.
};

/// Whether clients show a certificate of their own.
enum class ClientCertificates { off, optional, required };

/// Either `certificates` or `self_signed` has to be set; all else may stay as it is.
struct TlsSettings {
    std::vector<TlsCertificate> certificates =
        {};                           ///< One for each type of key: RSA, ECDSA, Ed25519.
    bool self_signed = false;         ///< Makes a certificate for `names` and this machine instead.
    std::vector<std::string> names;   ///< Host names for a self-signed certificate.
    std::string min_version = "1.2";  ///< "1.2" or "1.3"
    /// For TLS 1.2, in OpenSSL's notation; empty: those of Mozilla's intermediate configuration.
    std::string ciphers = {};
    std::vector<std::string> alpn_protocols = {"http/1.1"};  ///< Best first (RFC 7301).
    std::string client_ca = {};  ///< PEM file of the authorities that sign clients' certificates.
    ClientCertificates client = ClientCertificates::off;  ///< Checked against `client_ca`.
    bool tickets = true;  ///< Sessions are kept by clients (RFC 5077); off: in our memory.
    std::chrono::seconds session_timeout{86400};  ///< How long a session may be resumed.
    std::chrono::seconds hsts{0};  ///< max-age of Strict-Transport-Security; 0: not sent.
};

}  // namespace basehttp
