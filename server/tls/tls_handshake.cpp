#include "server/tls/tls_handshake.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <utility>

#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_session.hpp"

namespace basehttp {

TlsHandshake::TlsHandshake(HttpLoop& loop, Fd socket, Client client,
                           std::shared_ptr<const TlsSites> sites)
    : Connection(socket.get()),
      loop_(loop),
      socket_(std::move(socket)),
      client_(std::move(client)),
      sites_(std::move(sites)) {}

TlsHandshake::~TlsHandshake() = default;

void TlsHandshake::start() {
    deadline_ = loop_.loop.now() + loop_.settings.handshake_timeout;
    advance();
}

void TlsHandshake::on_event(std::uint32_t events) {
    if (over_) return;
    if (events & (EPOLLERR | EPOLLHUP)) return abort();
    loop_.guarded(*this, [this] { advance(); });
}

void TlsHandshake::settings_changed() { loop_.review_trust(client_, slot()); }

/// What the client's first byte says. It stays in the socket.
TlsHandshake::Speech TlsHandshake::listen() const {
    char first = 0;
    const ssize_t count = ::recv(slot(), &first, 1, MSG_PEEK);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Speech::none;
    if (count <= 0) return Speech::gone;
    // RFC 8446 section 5.1: a handshake record has type 22. No HTTP request begins so, and what is
    // neither is OpenSSL's to refuse.
    const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    return letter || first == '\r' || first == '\n' ? Speech::other : Speech::tls;
}

void TlsHandshake::advance() {
    if (session_) return shake_hands();
    switch (listen()) {
        case Speech::none:
            return;
        case Speech::gone:
            return abort();
        case Speech::other:
            return go_on(nullptr, true);
        case Speech::tls:
            break;
    }
    try {
        session_ = std::make_unique<TlsSession>(sites_, slot());
    } catch (const std::bad_alloc&) {
        return abort();  // no memory for one more client: it goes, the others stay
    }
    shake_hands();
}

void TlsHandshake::shake_hands() {
    switch (session_->handshake()) {
        case TlsSession::Handshake::waiting:
            return;
        case TlsSession::Handshake::done:
            return go_on(std::move(session_), false);
        case TlsSession::Handshake::failed:
            break;
    }
    loop_.server.log().write(LogLevel::debug, "TLS handshake with " + client_.address.text() +
                                                  " failed: " + session_->failure());
    abort();
}

void TlsHandshake::go_on(std::unique_ptr<TlsSession> tls, bool plain) {
    auto next = std::make_unique<HttpConnection>(
        loop_, Transport(std::move(socket_), std::move(tls)), std::move(client_),
        plain ? HttpConnection::Use::plain_on_tls : HttpConnection::Use::sites);
    over_ = true;
    loop_.replace(*this, std::move(next));
}

void TlsHandshake::check_deadline(std::chrono::microseconds now) {
    if (now >= deadline_) abort();
}

void TlsHandshake::abort() {
    if (std::exchange(over_, true)) return;
    loop_.unwatch(*this);
    session_.reset();
    socket_.reset();
    loop_.remove(*this);
}

}  // namespace basehttp
