// A connection's requests and answers: from bytes to handlers, and back to the socket.
#include <algorithm>
#include <cerrno>
#include <system_error>

#include "server/base_request_handler.hpp"
#include "server/http1/forwarded.hpp"
#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_context.hpp"
#include "server/tls/tls_session.hpp"

namespace basehttp {
namespace {

constexpr std::size_t replay_batch = 64u << 10;

}  // namespace

/// Serves the whole requests at the start of `text`; the number of bytes used.
std::size_t HttpConnection::serve(std::string_view text) {
    std::size_t used = 0;
    while (used < text.size() && state_ == State::reading_head) {
        const std::string_view rest = text.substr(used);
        const HeadResult result = parse(rest);
        if (result.status == HeadStatus::incomplete) {
            if (!head_begun_)  // a new connection's deadline runs already
                deadline_ = std::min(deadline_, loop_.loop.now() + loop_.settings.header_timeout);
            head_begun_ = true;
            break;
        }
        head_begun_ = false;
        if (result.status == HeadStatus::complete && (try_health() || try_replay())) {
            used += result.consumed;
            if (loop_.output.size() >= replay_batch && !flush_replays()) break;
            continue;
        }
        if (!flush_replays()) break;
        if (result.status == HeadStatus::bad) {
            begin_rejected(rest, result);
            return text.size();
        }
        used += result.consumed;
        used += begin_exchange(rest.substr(0, result.consumed), text.substr(used));
    }
    flush_replays();
    if (state_ == State::reading_head && !head_begun_) begin_idling();
    return used;
}

/// The next head, into the loop's scratch; also what is wrong with asking for it here.
HeadResult HttpConnection::parse(std::string_view text) const {
    HeadResult result = parse_request_head(text, loop_.settings.head, loop_.head);
    if (result.status != HeadStatus::complete) return result;
    if (use_ == Use::plain_on_tls)
        return {HeadStatus::bad, 0, 400, "This port speaks HTTPS: use https:// to reach it"};
    if (use_ == Use::health && !asks_health(loop_.head))
        return {HeadStatus::bad, 0, 404, "Only GET of /healthz and /readyz is here"};
    const TlsSession* const tls = transport_.tls();
    if (tls != nullptr && !tls->sites().may_serve(tls->context(), loop_.head.host))
        return {HeadStatus::bad, 0, 421, "This connection was opened for another host"};
    return result;
}

/// Hands a request to a handler; the number of bytes of `rest` that belong to its body.
std::size_t HttpConnection::begin_exchange(std::string_view head_text, std::string_view rest) {
    exchange_ = std::make_unique<Exchange>(std::string(head_text), loop_.head, head_text.data(),
                                           client_of(loop_.head));
    Request& request = exchange_->request;
    request.from_trusted_proxy = client_.trusted;
    request.https_at_proxy = client_.trusted && forwarded_https(loop_.head);
    const RequestHead& head = request.head();
    const HttpSettings& settings = loop_.settings;
    request.started = loop_.loop.now();
    request.close_connection = close_after_ || loop_.draining();
    exchange_->generation = loop_.generation();
    request.body = RequestBody(settings.body_memory, settings.temp_directory);
    request.server_address = local_address();
    connect_handler(request);
    if (!head.has_body()) {
        dispatch();
        return 0;
    }
    request.body_complete = false;
    if (head.content_length.value_or(0) > settings.body) {
        reject(413, "Request body too large");
        return 0;
    }
    exchange_->decoder = head.chunked ? BodyDecoder::chunked(settings.body)
                                      : BodyDecoder::fixed(*head.content_length, settings.body);
    const std::size_t used = feed_body(rest);
    if (state_ == State::reading_head) dispatch();
    return used;
}

/// An error page for bytes that are no request, or not in time; the connection then closes.
void HttpConnection::begin_rejected(std::string_view text, const HeadResult& bad) {
    if (bad.code == 408) parse_request_head(text, loop_.settings.head, loop_.head);
    loop_.head.keep_alive = false;
    exchange_ =
        std::make_unique<Exchange>(std::string(text), loop_.head, text.data(), client_.address);
    Request& request = exchange_->request;
    request.started = loop_.loop.now();
    connect_handler(request);
    reject(bad.code, bad.reason);
}

void HttpConnection::reject(int code, std::string reason) {
    Request& request = exchange_->request;
    request.rejection = {code, std::move(reason)};
    request.parked.reset();
    request.wants_body = request.wants_turn = false;
    request.close_connection = rejected_ = true;
    input_.clear();
    unparsed_ = false;
    head_begun_ = false;
    dispatch();
}

/// Decodes part of the body; the number of bytes that belong to it.
std::size_t HttpConnection::feed_body(std::string_view input) {
    Request& request = exchange_->request;
    const bool wanted = state_ != State::skipping_body;
    bool stored = true;
    const auto result = exchange_->decoder.feed(input, [&](std::string_view bytes) {
        if (wanted && stored) stored = request.body.append(bytes);
    });
    using Status = BodyDecoder::Status;
    if (!stored) {
        const std::string why = std::generic_category().message(errno);
        loop_.server.log().write(LogLevel::error, request.log_prefix() +
                                                      "Cannot store a request body in " +
                                                      loop_.settings.temp_directory + ": " + why);
        reject(503, "No room for the request body");
        return input.size();
    }
    if (result.status == Status::more) return result.consumed;
    if (result.status == Status::done) {
        request.body_complete = true;
        if (state_ == State::reading_body) dispatch();
        if (state_ == State::skipping_body) next_request();
        return result.consumed;
    }
    if (wanted)
        reject(result.status == Status::bad ? 400 : 413, result.reason);
    else
        abort();
    return input.size();
}

bool HttpConnection::send_output() {
    if (gone_) return false;
    if (state_ == State::handling) exchange_->request.outbox.take(output_);
    if (!output_.empty() || transport_.unsent()) {
        std::uint64_t sent = 0;
        const SendStatus status = transport_.send(output_, loop_.records(), sent);
        if (exchange_) exchange_->sent += sent;
        answer_went_on(sent, status);
        if (status != SendStatus::sent) {
            if (sent > 0 || deadline_.count() == 0) set_deadline(loop_.settings.send_timeout);
            return send_failed(status);
        }
    }
    if (state_ == State::sending) return finish_answer();
    if (state_ != State::handling) return false;
    if (!exchange_->waiting) deadline_ = {};
    exchange_->request.outbox.drained();
    return false;
}

bool HttpConnection::send_failed(SendStatus status) {
    if (status == SendStatus::blocked) return false;
    if (status == SendStatus::paused) {
        if (!resuming_) loop_.resume_later(*this);
        resuming_ = true;
        return false;
    }
    if (status == SendStatus::shrunk)
        loop_.server.log().write(LogLevel::warning,
                                 (exchange_ ? exchange_->request.log_prefix() : "") +
                                     "A file became shorter or unreadable while it was sent to " +
                                     client_.address.text() + "; the connection was closed");
    abort();
    return false;
}

/// An answer is out: on to the next request, or the end.
bool HttpConnection::finish_answer() {
    bool keep = !close_after_;
    if (exchange_) {
        const Request& request = exchange_->request;
        keep = keep && !request.close_connection;
        log_answer(keep ? '+' : request.cut_off ? 'X' : '-');
        ++loop_.answered;
        if (keep && !request.body_complete) {
            state_ = State::skipping_body;
            body_awaited();
            return true;
        }
    }
    if (keep) return next_request();
    if (exchange_ && exchange_->request.cut_off) {
        transport_.reset_on_close();
        close();
        return false;
    }
    rejected_ = rejected_ || (exchange_ && !exchange_->request.body_complete);
    exchange_.reset();
    close_gracefully();
    return state_ != State::closed;
}

void HttpConnection::log_answer(char connection) {
    Request& request = exchange_->request;
    if (exchange_->waiting || (gone_ && exchange_->sent == 0)) {
        request.log_access = request.log_access || request.status == 0;
        request.status = client_left;
    }
    if (!request.log_access) return;
    const RequestHead& head = request.head();
    // An answer that broke off counts as far as it was sent.
    const std::uint64_t bytes = std::min(request.body_bytes, exchange_->sent);
    loop_.log_access({request.client_address().host,
                      head.request_line,
                      head.host,
                      head.referer,
                      head.user_agent,
                      request.status,
                      bytes,
                      loop_.loop.now() - request.started,
                      request.log_fields,
                      request.id,
                      &head,
                      {},
                      connection});
}

bool HttpConnection::next_request() {
    exchange_.reset();
    if (close_after_) {
        close_gracefully();
        return state_ != State::closed;
    }
    output_.clear();
    transfer_begins();
    state_ = State::reading_head;
    begin_idling();
    return true;
}

}  // namespace basehttp
