// Servers that speak TLS whatever the tests speak.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/tls/tls_sites.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/test_server.hpp"

namespace basehttp {

inline TlsSettings tls_settings(const TlsFiles& files = TestCa::shared().localhost()) {
    TlsSettings settings;
    settings.certificates = {{files.certificate, files.key, ""}};
    return settings;
}

/// For TestServer's `prepare`.
struct SpeaksTls {
    std::shared_ptr<const TlsSites> sites = std::make_shared<TlsSites>(tls_settings());

    SpeaksTls() = default;
    explicit SpeaksTls(const TlsSettings& settings) : sites(std::make_shared<TlsSites>(settings)) {}
    explicit SpeaksTls(std::shared_ptr<const TlsSites> sites_) : sites(std::move(sites_)) {}
    void operator()(HTTPServer& server) const { server.tls = sites; }
};

inline RawClient tls_client(const TestServerBase& server, const TlsClientOptions& options = {}) {
    return RawClient(server.port(), options);
}

/// "GET TARGET" for a host.
inline std::string get_from(std::string_view host, std::string_view target = "/",
                            std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" +
           std::string(fields) + "\r\n";
}

/// Sends a request and receives its answer, which has a Content-Length, head and all.
inline std::string ask(RawClient& client, std::string_view host = "localhost") {
    client.send(get_from(host));
    std::string head = client.receive_until("\r\n\r\n");
    const std::string_view name = "\r\nContent-Length: ";
    return head + client.receive(std::stoul(head.substr(head.find(name) + name.size())));
}

/// Answers what a handler sees of TLS: protocol|cipher|server name|alpn|resumed|verified|subject|
/// issuer|serial, or "plain".
inline HandlerFactory tls_info_handler() {
    return function_handler([](FunctionHandler& h) {
        const auto& tls = h.request.tls;
        if (!tls) return h.answer("plain");
        h.answer(tls->protocol + "|" + tls->cipher + "|" + tls->server_name + "|" + tls->alpn +
                 "|" + (tls->resumed ? "resumed" : "new") + "|" +
                 (tls->client_verified ? "verified" : "unknown") + "|" + tls->client_subject + "|" +
                 tls->client_issuer + "|" + tls->client_serial);
    });
}

}  // namespace basehttp
