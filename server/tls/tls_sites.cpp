#include "server/tls/tls_sites.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <optional>

#include "server/http1/host.hpp"
#include "server/tls/tls_context.hpp"

namespace basehttp {
namespace {

/// Without port and final dot, in lower case.
std::string plain_name(std::string_view host) {
    host = host_without_port(host);
    if (host.ends_with('.')) host.remove_suffix(1);
    std::string name(host);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return name;
}

/// The host_name of a server_name extension (RFC 6066 section 3).
std::optional<std::string_view> host_name(const unsigned char* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto number = [&](std::size_t at) {
        return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
    };
    if (size < 5 || number(0) != size - 2 || bytes[2] != TLSEXT_NAMETYPE_host_name ||
        number(3) > size - 5)
        return std::nullopt;
    return text.substr(5, number(3));
}

}  // namespace

int choose_tls_site(SSL* ssl, int*, void* sites) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1)
        return SSL_CLIENT_HELLO_SUCCESS;
    const auto name = host_name(bytes, size);
    if (name) static_cast<const TlsSites*>(sites)->find(*name).take_over(ssl);
    return SSL_CLIENT_HELLO_SUCCESS;  // a malformed one is OpenSSL's to refuse
}

TlsSites::TlsSites(const TlsSettings& fallback)
    : ticket_keys_(std::make_unique<TicketKeys>(fallback.session_timeout)),
      fallback_(make(fallback)) {}

TlsSites::~TlsSites() = default;

std::shared_ptr<TlsContext> TlsSites::make(const TlsSettings& settings) {
    asks_clients_ = asks_clients_ || settings.client != ClientCertificates::off;
    return std::make_shared<TlsContext>(settings, *this, *ticket_keys_);
}

void TlsSites::add(std::string_view name, const TlsSettings& settings) {
    by_name_[plain_name(name)] = make(settings);
}

void TlsSites::add_alias(std::string_view name, std::string_view known_name) {
    by_name_[plain_name(name)] = by_name_.at(plain_name(known_name));
}

void TlsSites::resume_sessions_of(const TlsSites& previous) {
    if (!asks_clients_ && !previous.asks_clients_) ticket_keys_->copy(*previous.ticket_keys_);
}

const TlsContext& TlsSites::find(std::string_view host) const {
    if (by_name_.empty()) return *fallback_;
    const auto found = by_name_.find(plain_name(host));
    return found != by_name_.end() ? *found->second : *fallback_;
}

bool TlsSites::may_serve(const TlsContext& opened, std::string_view host) const {
    if (!asks_clients_) return true;
    const TlsContext& wanted = find(host);
    return &wanted == &opened ||
           (wanted.client() == opened.client() && wanted.client_ca() == opened.client_ca());
}

}  // namespace basehttp
