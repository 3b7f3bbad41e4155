// A connection's requests and answers: from bytes to handlers, and back to the socket.
#include <algorithm>
#include <cerrno>
#include <system_error>

#include "server/base_request_handler.hpp"
#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_context.hpp"
#include "server/tls/tls_session.hpp"

namespace basehttp {
namespace {

constexpr std::size_t replay_batch = 64u << 10;

std::string_view connection_line(const RequestHead& head) {
    if (!head.keep_alive) return "Connection: close\r\n";
    return head.version_minor == 0 ? "Connection: keep-alive\r\n" : "";
}

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
        if (result.status == HeadStatus::complete && try_replay()) {
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
    if (state_ == State::reading_head && !head_begun_) set_deadline(loop_.settings.idle_timeout);
    return used;
}

/// The next head, into the loop's scratch; also what is wrong with asking for it here.
HeadResult HttpConnection::parse(std::string_view text) const {
    HeadResult result = parse_request_head(text, loop_.settings.head, loop_.head);
    if (result.status != HeadStatus::complete) return result;
    if (plain_on_tls_)
        return {HeadStatus::bad, 0, 400, "This port speaks HTTPS: use https:// to reach it"};
    const TlsSession* const tls = transport_.tls();
    if (tls != nullptr && !tls->sites().may_serve(tls->context(), loop_.head.host))
        return {HeadStatus::bad, 0, 421, "This connection was opened for another host"};
    return result;
}

bool HttpConnection::try_replay() {
    const RequestHead& head = loop_.head;
    if (head.has_body() || head.repeated || head.expect_continue || head.expect_unknown ||
        close_after_ || (head.method != "GET" && head.method != "HEAD"))
        return false;
    const auto* found = loop_.cache.find(head, loop_.loop.now(), channel());
    std::shared_ptr<const Replay> made;
    if (found == nullptr && loop_.settings.make_replay) {
        made = loop_.settings.make_replay(head);
        if (made) loop_.cache.insert(head, made, loop_.loop.now(), channel());
        found = &made;
    }
    if (found == nullptr || !*found) return false;
    loop_.fields.assign(own_fields()).append(connection_line(head));
    ReplayOutput out(loop_.output, loop_.loop.date(), loop_.fields);
    if (!(*found)->answer(head, out)) return false;
    if (!head.keep_alive) {
        close_after_ = true;
        state_ = State::sending;
    }
    loop_.log_access({client_.host, head.request_line, head.host, head.referer, head.user_agent,
                      out.status, out.body_bytes, std::chrono::microseconds{0}});
    ++loop_.answered;
    if (!out.body.empty() || out.file_length > 0) send_content(*found, out);
    return true;
}

/// Sends a replay whose content is not in the loop's scratch; what the socket does not take now is
/// kept.
void HttpConnection::send_content(const std::shared_ptr<const Replay>& replay,
                                  const ReplayOutput& out) {
    SendQueue& queue = loop_.queue;
    queue.push(Segment::lent(loop_.output));
    queue.push(Segment::shared(replay, out.body));
    if (out.file) queue.push(Segment::region(out.file, out.file_offset, out.file_length));
    std::uint64_t sent = 0;
    const SendStatus status = transport_.send(queue, loop_.records(), sent);
    if (status != SendStatus::sent) {
        queue.keep();
        std::swap(output_, queue);
        state_ = State::sending;
        set_deadline(loop_.settings.send_timeout);
        send_failed(status);
    }
    loop_.output.clear();
}

/// Sends what replays have left in the loop's scratch. False: the socket is full, or it failed.
bool HttpConnection::flush_replays() {
    std::string& output = loop_.output;
    if (output.empty()) return true;
    const std::size_t count = output_.empty() ? transport_.send(output) : 0;
    if (count == output.size()) {
        output.clear();
        return true;
    }
    output_.push(Segment::bytes(output.substr(count)));
    output.clear();
    state_ = State::sending;
    set_deadline(loop_.settings.send_timeout);
    return false;
}

/// Hands a request to a handler; the number of bytes of `rest` that belong to its body.
std::size_t HttpConnection::begin_exchange(std::string_view head_text, std::string_view rest) {
    exchange_ =
        std::make_unique<Exchange>(std::string(head_text), loop_.head, head_text.data(), client_);
    Request& request = exchange_->request;
    const RequestHead& head = request.head();
    const HttpSettings& settings = loop_.settings;
    request.started = loop_.loop.now();
    request.close_connection = close_after_;
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
    exchange_ = std::make_unique<Exchange>(std::string(text), loop_.head, text.data(), client_);
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
        loop_.server.log().write(LogLevel::error, "Cannot store a request body in " +
                                                      loop_.settings.temp_directory + ": " +
                                                      std::generic_category().message(errno));
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
                                 "A file became shorter or unreadable while it was sent to " +
                                     client_.text() + "; the connection was closed");
    abort();
    return false;
}

/// An answer is out: on to the next request, or the end.
bool HttpConnection::finish_answer() {
    bool keep = !close_after_;
    if (exchange_) {
        const Request& request = exchange_->request;
        log_answer();
        ++loop_.answered;
        keep = keep && !request.close_connection;
        if (keep && !request.body_complete) {
            state_ = State::skipping_body;
            set_deadline(loop_.settings.body_timeout);
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

void HttpConnection::log_answer() {
    Request& request = exchange_->request;
    if (exchange_->waiting || (gone_ && exchange_->sent == 0)) {
        request.log_access = request.log_access || request.status == 0;
        request.status = client_left;
    }
    if (!request.log_access) return;
    const RequestHead& head = request.head();
    // An answer that broke off counts as far as it was sent.
    const std::uint64_t bytes = std::min(request.body_bytes, exchange_->sent);
    loop_.log_access({client_.host, head.request_line, head.host, head.referer, head.user_agent,
                      request.status, bytes, loop_.loop.now() - request.started,
                      request.log_fields});
}

bool HttpConnection::next_request() {
    exchange_.reset();
    if (close_after_) {
        close_gracefully();
        return state_ != State::closed;
    }
    output_.clear();
    state_ = State::reading_head;
    set_deadline(loop_.settings.idle_timeout);
    return true;
}

}  // namespace basehttp
