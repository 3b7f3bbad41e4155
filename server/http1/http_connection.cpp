// Life of a connection: events, deadlines, reading and the end. Requests: http_exchange.cpp.
#include "server/http1/http_connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "server/http_loop.hpp"
#include "server/http_server.hpp"

namespace basehttp {
namespace {

constexpr std::chrono::milliseconds linger_timeout{2000};
constexpr std::uint64_t linger_bytes = 16u << 20;
constexpr std::size_t turn_bytes = 512u << 10;
constexpr std::chrono::seconds last_chance{1};

}  // namespace

HttpConnection::HttpConnection(HttpLoop& loop, Transport transport, Client client, Use use)
    : Connection(transport.socket()),
      loop_(loop),
      transport_(std::move(transport)),
      use_(use),
      client_(std::move(client)) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::start() {
    begin_idling();
    if (!loop_.draining()) set_deadline(loop_.settings.header_timeout);
    transport_.set_readable();  // a request often comes with the connection
    if (transport_.tls() == nullptr) return advance();
    loop_.resume_later(*this);  // the handshake may have read part of a request
}

void HttpConnection::on_event(std::uint32_t events) {
    if (gone_) return;
    // Both sides are closed: when we linger that is the end that we read for.
    const bool hung_up = (events & EPOLLHUP) != 0 && state_ != State::lingering;
    if ((events & EPOLLERR) != 0 || hung_up) return abort();
    if (events & EPOLLRDHUP) transport_.set_half_closed();
    if (events & (EPOLLIN | EPOLLRDHUP) || transport_.tls() != nullptr) transport_.set_readable();
    loop_.guarded(*this, [this] { advance(); });
}

void HttpConnection::advance() {
    resuming_ = false;
    received_ = 0;
    for (bool moved = true; moved;) {
        switch (state_) {
            case State::reading_head:
                moved = read_heads();
                break;
            case State::reading_body:
            case State::skipping_body:
                moved = read_body();
                break;
            case State::handling:
            case State::sending:
                moved = send_output();
                break;
            case State::lingering:
                moved = linger();
                break;
            case State::closed:
                return;
        }
    }
}

void HttpConnection::set_deadline(std::chrono::milliseconds timeout) {
    deadline_ = loop_.loop.now() + timeout;
}

void HttpConnection::check_deadline(std::chrono::microseconds now) {
    if (transport_.half_closed() && state_ == State::handling && !gone_) probe_client();
    check_pace(now);
    if (state_ == State::closed || gone_) return;
    if (deadline_.count() == 0 || now < deadline_) return;
    deadline_ = {};
    if (exchange_ && exchange_->waiting) {
        exchange_->request.turn_timed_out = true;
        return next_turn();
    }
    if (state_ == State::reading_head && head_begun_) {
        begin_rejected(input_, {HeadStatus::bad, 0, 408, "Request header took too long"});
        advance();
    } else if (state_ == State::reading_body) {
        reject(408, "Request body took too long");
        advance();
    } else {
        abort();
    }
}

void HttpConnection::settings_changed() { loop_.review_trust(client_, slot()); }

/// A client that was busy a moment ago may have sent its next request already: it gets that answer,
/// and is told that it is the last one. One that was not is closed.
void HttpConnection::drain() {
    if (state_ != State::reading_head || head_begun_ || !output_.empty()) return;
    char first = 0;  // a request that nobody has told us of yet
    const bool speaks = ::recv(slot(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    if (!speaks && loop_.loop.now() - idle_since_ >= last_chance) return close();
    set_deadline(last_chance);
}

void HttpConnection::begin_idling() {
    idle_since_ = loop_.loop.now();
    set_deadline(loop_.draining() ? last_chance : loop_.settings.idle_timeout);
}

void HttpConnection::apologize() noexcept {
    const bool waits = state_ == State::reading_head || state_ == State::reading_body;
    if (!waits || !output_.empty() || transport_.tls() != nullptr) return;
    transport_.send(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

void HttpConnection::abort() {
    if (state_ == State::closed) return;
    if (exchange_ && !exchange_->done && !exchange_->waiting && state_ == State::handling) {
        // The handler still has the request: tell it, and go when it is back.
        exchange_->request.outbox.cancel();
        drop_output();
        deadline_ = {};
        gone_ = true;
        ::shutdown(slot(), SHUT_RDWR);
        return;
    }
    if (exchange_ && (state_ == State::sending || exchange_->waiting)) log_answer('X');
    close();
}

/// Reads once into the loop's scratch memory; as Transport::receive.
long HttpConnection::receive() {
    const long count = transport_.receive({loop_.input.get(), HttpLoop::input_size});
    received_ += static_cast<std::size_t>(std::max(0L, count));
    return count;
}

/// A client that sends as fast as we read must not hold the loop: others first, then on with it.
bool HttpConnection::has_had_its_share() {
    if (received_ < turn_bytes || !transport_.readable()) return false;
    if (!resuming_) loop_.resume_later(*this);
    resuming_ = true;
    return true;
}

bool HttpConnection::read_heads() {
    if (unparsed_) {
        unparsed_ = false;
        const std::string text = std::move(input_);
        input_.clear();
        keep_unparsed(text, serve(text));
        return true;
    }
    if (!transport_.readable() || has_had_its_share()) return false;
    const long count = receive();
    if (count == -1) return false;
    if (count <= 0) {
        close();
        return false;
    }
    const std::string_view text(loop_.input.get(), static_cast<std::size_t>(count));
    if (input_.empty()) {
        keep_unparsed(text, serve(text));
        return state_ != State::closed;
    }
    const std::size_t had = input_.size();
    input_.append(text);
    // Part of a line cannot complete a head; look again only now and then for its limits' sake.
    if (text.find('\n') != std::string_view::npos || had / 1024 != input_.size() / 1024)
        unparsed_ = true;
    return true;
}

void HttpConnection::keep_unparsed(std::string_view text, std::size_t used) {
    if (state_ == State::closed || used >= text.size()) return;
    input_.assign(text.substr(used));
    unparsed_ = state_ != State::reading_head;
}

bool HttpConnection::read_body() {
    if (!input_.empty()) {
        const std::string text = std::move(input_);
        input_.clear();
        unparsed_ = false;
        const std::size_t used = feed_body(text);
        if (used < text.size()) {
            input_ = text.substr(used);
            unparsed_ = true;
        }
        return true;
    }
    if (!transport_.readable() || has_had_its_share()) return false;
    const long count = receive();
    if (count == -1) return false;
    if (count == 0 && state_ == State::reading_body) {
        reject(400, "Request body ended too early");
        return true;
    }
    if (count <= 0) {
        abort();
        return false;
    }
    set_deadline(loop_.settings.body_timeout);
    body_came(count);
    const std::string_view text(loop_.input.get(), static_cast<std::size_t>(count));
    const std::size_t used = feed_body(text);
    if (used < text.size() && state_ != State::closed) {
        input_.assign(text.substr(used));
        unparsed_ = true;
    }
    return state_ != State::closed;
}

/// RFC 9112 section 9.6: close our side, then read for a while, so that the client gets the answer
/// instead of a reset. Under TLS a client always sends more, its own close_notify.
void HttpConnection::close_gracefully() {
    const bool nothing_unread = input_.empty() && !rejected_ && !transport_.readable();
    if (nothing_unread && (transport_.tls() == nullptr || transport_.half_closed())) return close();
    transport_.finish(true);
    state_ = State::lingering;
    input_ = {};
    set_deadline(linger_timeout);
}

bool HttpConnection::linger() {
    while (transport_.readable() && !has_had_its_share()) {
        const long count = receive();
        if (count == -1) return false;
        lingered_ += static_cast<std::uint64_t>(std::max(0L, count));
        if (count <= 0 || lingered_ > linger_bytes) {
            close();
            return false;
        }
    }
    return false;
}

/// An answer that stays incomplete ends with a reset: the client can tell, and the kernel need not
/// keep what it holds for a client that does not read.
void HttpConnection::drop_output() {
    if (output_.empty() && !transport_.unsent()) return;
    transport_.reset_on_close();
    output_.clear();
}

void HttpConnection::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    if (!exchange_ && output_.empty() && !transport_.unsent()) transport_.finish(false);
    drop_output();
    loop_.unwatch(*this);
    transport_.close();
    loop_.remove(*this);
}

}  // namespace basehttp
