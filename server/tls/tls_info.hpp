// What the handshake of a connection has settled: Python's SSLSocket.version(), cipher() and kin.
#pragma once

#include <string>

namespace basehttp {

/// Immutable, shared by the requests of a connection. Any thread.
struct TlsInfo {
    std::string protocol;     ///< "TLSv1.3"
    std::string cipher;       ///< OpenSSL's name: "TLS_AES_256_GCM_SHA384"
    std::string server_name;  ///< The host the client asked for (SNI, RFC 6066); may be empty.
    std::string alpn;         ///< The protocol both agreed on (RFC 7301); empty: none was named.
    bool resumed = false;     ///< The session is one of before.

    // The client's own certificate; all empty when it showed none.
    bool client_verified = false;  ///< It showed one that one of our authorities has signed.
    std::string client_subject;    ///< Distinguished name as in RFC 2253.
    std::string client_issuer;     ///< The authority, in the same form.
    std::string client_serial;     ///< Hexadecimal digits.
};

}  // namespace basehttp
