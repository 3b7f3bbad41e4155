// Python's HTTPSServer and ThreadingHTTPSServer (new in 3.14).
#pragma once

#include <string>
#include <vector>

#include "server/api.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_settings.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {

/// An HTTPServer that speaks TLS 1.2 and 1.3 (RFC 5246, RFC 8446). Unlike Python's, the handshake
/// belongs to the connection: a client that says nothing delays nobody.
class BASEHTTP_API HTTPSServer : public HTTPServer {
  public:
    /// `certfile`: PEM file of the certificate and its chain; `keyfile`: of its private key, empty
    /// when it is in the same file; `password`: of the key. Throws TlsError for files that cannot
    /// be used, std::system_error for an address that cannot.
    HTTPSServer(Address address, HandlerFactory handler, std::string certfile,
                std::string keyfile = {}, std::string password = {},
                std::vector<std::string> alpn_protocols = {"http/1.1"},
                bool bind_and_activate = true);
    /// The same with all that can be set.
    HTTPSServer(Address address, HandlerFactory handler, const TlsSettings& tls_settings,
                bool bind_and_activate = true);

    bool may_replay() const override;
};

/// HTTPSServer with a pool of threads for the handlers.
class BASEHTTP_API ThreadingHTTPSServer : public ThreadingMixIn<HTTPSServer> {
  public:
    using ThreadingMixIn<HTTPSServer>::ThreadingMixIn;
    bool may_replay() const override;
};

}  // namespace basehttp
