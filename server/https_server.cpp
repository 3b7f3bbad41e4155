#include "server/https_server.hpp"

#include <typeinfo>
#include <utility>

namespace basehttp {
namespace {

TlsSettings settings_of(std::string certfile, std::string keyfile, std::string password,
                        std::vector<std::string> alpn_protocols) {
    TlsSettings settings;
    settings.certificates.push_back({std::move(certfile), std::move(keyfile), std::move(password)});
    settings.alpn_protocols = std::move(alpn_protocols);
    return settings;
}

}  // namespace

HTTPSServer::HTTPSServer(Address address, HandlerFactory handler, std::string certfile,
                         std::string keyfile, std::string password,
                         std::vector<std::string> alpn_protocols, bool bind_and_activate)
    : HTTPSServer(std::move(address), std::move(handler),
                  settings_of(std::move(certfile), std::move(keyfile), std::move(password),
                              std::move(alpn_protocols)),
                  bind_and_activate) {}

HTTPSServer::HTTPSServer(Address address, HandlerFactory handler, const TlsSettings& tls_settings,
                         bool bind_and_activate)
    : HTTPServer(std::move(address), std::move(handler), bind_and_activate) {
    tls = std::make_shared<const TlsSites>(tls_settings);
}

bool HTTPSServer::may_replay() const { return typeid(*this) == typeid(HTTPSServer); }
bool ThreadingHTTPSServer::may_replay() const {
    return typeid(*this) == typeid(ThreadingHTTPSServer);
}

}  // namespace basehttp
