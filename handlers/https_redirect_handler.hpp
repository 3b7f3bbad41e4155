// Sends clients that came by plain HTTP on to https.
#pragma once

#include <cstdint>

#include "handlers/base_http_request_handler.hpp"
#include "server/api.hpp"

namespace basehttp {

/// Answers every method with a redirect to the same host and target under https: 301 for GET and
/// HEAD, which all clients know, 308 for others, which keeps the method (RFC 9110 section 15.4).
class BASEHTTP_API HTTPSRedirectHandler : public BaseHTTPRequestHandler {
  public:
    /// `https_port`: where TLS is spoken, as clients reach it; 0: nowhere they could be sent, so
    /// they get 403.
    HTTPSRedirectHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                         std::uint16_t https_port);

    /// A proof for a certificate authority (RFC 8555 section 8.3) is asked for by plain HTTP, maybe
    /// before there is any certificate: it is not redirected. Only such a token, so that no path
    /// leads from there to other files.
    static bool is_exempt(std::string_view target);

  protected:
    void method_not_implemented() override;
    bool needs_body() const override { return false; }

  private:
    const std::uint16_t https_port_;
};

}  // namespace basehttp
