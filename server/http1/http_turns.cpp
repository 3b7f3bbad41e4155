// A request's turns with its handler: asked, ended, waited for; and the client's life meanwhile.
#include <netinet/in.h>
#include <sys/socket.h>

#include "server/base_request_handler.hpp"
#include "server/exchange/request_id.hpp"
#include "server/http1/forwarded.hpp"
#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_context.hpp"
#include "server/tls/tls_session.hpp"

namespace basehttp {
namespace {

/// An unread body of at most this size is skipped to keep the connection; a longer one closes it.
constexpr std::uint64_t skippable_body = 64u << 10;

}  // namespace

Channel HttpConnection::channel(const RequestHead& head) const {
    if (transport_.tls() != nullptr) return Channel::tls;
    if (client_.trusted && forwarded_https(head)) return Channel::tls_at_proxy;
    return client_.address.is_unix() ? Channel::local : Channel::plain;
}

/// Whom a trusted proxy names, else the other end of the connection.
Address HttpConnection::client_of(const RequestHead& head) const {
    if (!client_.trusted) return client_.address;
    const auto named = forwarded_client(head, loop_.settings.trusted_proxies);
    return named ? Address{ip_text(named->ip), named->port} : client_.address;
}

/// The same without a port and without allocation; a view until the loop's next request.
std::string_view HttpConnection::client_host_of(const RequestHead& head) const {
    if (!client_.trusted) return client_.address.host;
    const auto named = forwarded_client(head, loop_.settings.trusted_proxies);
    return named ? write_ip(named->ip, loop_.client_text) : client_.address.host;
}

/// Header fields that this connection adds to an answer, each with CRLF.
std::string_view HttpConnection::own_fields() const {
    return transport_.tls() != nullptr ? transport_.tls()->context().fields() : std::string_view();
}

/// Makes the id of a request, or takes that of a trusted proxy: then true.
bool HttpConnection::name_request(const RequestHead& head, std::string& id) const {
    id.clear();
    if (!loop_.settings.request_id) return false;
    const std::string_view given = client_.trusted ? given_request_id(head) : std::string_view();
    if (given.empty())
        append_request_id(id);
    else
        id.assign(given);
    return !given.empty();
}

/// How the handler, on its thread, reaches this loop. The connection outlives a turn, but not a
/// wait between two turns.
void HttpConnection::connect_handler(Request& request) {
    if (transport_.tls() != nullptr) request.tls = transport_.tls()->info();
    request.connection_fields = own_fields();
    request.id_given = name_request(request.head(), request.id);
    if (!request.id.empty())
        request.connection_fields.append("X-Request-Id: ").append(request.id).append("\r\n");
    request.outbox.on_flush = [this] {
        loop_.loop.post([this] { loop_.guarded(*this, [this] { advance(); }); });
    };
    request.on_finished = [this] {
        loop_.loop.post([this] { loop_.guarded(*this, [this] { handler_finished(); }); });
    };
    // May be called when the connection is gone: looks before it touches anything.
    request.resume = [this, &http_loop = loop_, number = slot()] {
        http_loop.loop.post([this, &http_loop, number] {
            if (http_loop.holds(number, *this)) http_loop.guarded(*this, [this] { turn_asked(); });
        });
    };
}

Address HttpConnection::local_address() const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    if (::getsockname(slot(), address, &length) != 0) return {};
    return Address::from(address, length);
}

void HttpConnection::dispatch() {
    Request& request = exchange_->request;
    const BodyDecoder& decoder = exchange_->decoder;
    request.body_too_long_to_skip =
        !request.body_complete && (decoder.is_chunked() || request.head().expect_continue ||
                                   decoder.remaining() > skippable_body);
    state_ = State::handling;
    deadline_ = {};
    transfer_begins();
    exchange_->sent = 0;  // 100 Continue is no part of the answer
    loop_.server.handle_request_noblock(request);
}

void HttpConnection::handler_finished() {
    Request& request = exchange_->request;
    request.outbox.take(output_);
    exchange_->waiting = request.wants_turn;
    if (gone_) {
        output_.clear();
        log_answer('X');
        return close();
    }
    if (request.wants_body) {
        state_ = State::reading_body;
        body_awaited();
    } else if (request.wants_turn) {
        set_deadline(request.turn_timeout);
        if (exchange_->turn_asked) return next_turn();
    } else {
        exchange_->done = true;
        state_ = State::sending;
        if (request.offered() && exchange_->generation == loop_.generation())
            loop_.cache.insert(request.head(), request.offered(), loop_.loop.now(),
                               channel(request.head()));
    }
    advance();
}

/// Somebody says that the handler's wait is over. Its last turn may still be ending.
void HttpConnection::turn_asked() {
    if (!exchange_ || gone_ || state_ != State::handling) return;
    exchange_->turn_asked = true;
    if (exchange_->waiting) next_turn();
}

void HttpConnection::next_turn() {
    exchange_->waiting = exchange_->turn_asked = false;
    deadline_ = {};
    loop_.server.handle_request_noblock(exchange_->request);
}

void HttpConnection::cut() {
    if (!exchange_ || !exchange_->waiting || exchange_->request.turn_timed_out) return abort();
    exchange_->request.turn_timed_out = true;
    next_turn();
}

/// The client has sent its last byte while a handler works for it. Most who do have left, some only
/// closed their side (RFC 9112 section 9.6 leaves that open). One who has left answers an interim
/// response (RFC 9110 section 15.2) with a reset; where none may be sent it counts as gone.
void HttpConnection::probe_client() {
    if (exchange_->probed) return;
    exchange_->probed = true;
    const bool may_ask =
        exchange_->sent == 0 && output_.empty() && exchange_->request.head().version_minor >= 1;
    if (!may_ask) return abort();
    output_.push(Segment::bytes("HTTP/1.1 102 Processing\r\n\r\n"));
    advance();
    if (exchange_ && output_.empty()) exchange_->sent = 0;  // no part of the answer
}

}  // namespace basehttp
