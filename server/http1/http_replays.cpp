// Answers that need no handler: health checks, and what the loop's cache has.
#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_session.hpp"

namespace basehttp {
namespace {

std::string_view connection_line(const RequestHead& head) {
    if (!head.keep_alive) return "Connection: close\r\n";
    return head.version_minor == 0 ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

bool HttpConnection::asks_health(const RequestHead& head) {
    return (head.target == "/healthz" || head.target == "/readyz") && !head.has_body() &&
           (head.method == "GET" || head.method == "HEAD");
}

/// /healthz: the loops run; /readyz: and want requests. Not logged: they are asked all day.
bool HttpConnection::try_health() {
    if (use_ != Use::health && !loop_.settings.health) return false;
    const RequestHead& head = loop_.head;
    if (!asks_health(head)) return false;
    const bool readiness = head.target == "/readyz";
    const bool good = !readiness || loop_.server.ready;
    const bool last = !head.keep_alive || close_after_ || loop_.draining();
    std::string& out = loop_.output;
    out.append(good ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 503 Service Unavailable\r\n");
    out.append("Date: ").append(loop_.loop.date()).append("\r\nContent-Type: text/plain\r\n");
    out.append("Cache-Control: no-store\r\nContent-Length: ").append(good ? "3" : "10");
    out.append("\r\n").append(own_fields());
    name_request(head, loop_.request_id);
    if (!loop_.request_id.empty())
        out.append("X-Request-Id: ").append(loop_.request_id).append("\r\n");
    out.append(last ? "Connection: close\r\n" : connection_line(head)).append("\r\n");
    if (head.method == "GET") out.append(good ? "ok\n" : "not ready\n");
    ++loop_.answered;
    if (last) {
        close_after_ = true;
        state_ = State::sending;
    }
    return true;
}

bool HttpConnection::try_replay() {
    const RequestHead& head = loop_.head;
    if (head.has_body() || head.repeated || head.expect_continue || head.expect_unknown ||
        close_after_ || loop_.draining() || (head.method != "GET" && head.method != "HEAD"))
        return false;
    const auto* found = loop_.cache.find(head, loop_.loop.now(), channel(head));
    std::shared_ptr<const Replay> made;
    if (found == nullptr && loop_.settings.make_replay) {
        made = loop_.settings.make_replay(head);
        if (made) loop_.cache.insert(head, made, loop_.loop.now(), channel(head));
        found = &made;
    }
    if (found == nullptr || !*found) return false;
    loop_.fields.assign(own_fields());
    name_request(head, loop_.request_id);
    if (!loop_.request_id.empty())
        loop_.fields.append("X-Request-Id: ").append(loop_.request_id).append("\r\n");
    loop_.fields.append(connection_line(head)).append("\r\n");
    ReplayOutput out(loop_.output, loop_.loop.date(), loop_.fields);
    if (!(*found)->answer(head, out)) return false;
    if (!head.keep_alive) {
        close_after_ = true;
        state_ = State::sending;
    }
    loop_.log_access({client_host_of(head),
                      head.request_line,
                      head.host,
                      head.referer,
                      head.user_agent,
                      out.status,
                      out.body_bytes,
                      {},
                      {},
                      loop_.request_id,
                      &head,
                      {},
                      close_after_ ? '-' : '+'});
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
    answer_went_on(sent, status);
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
        answer_went_on(count, SendStatus::sent);
        output.clear();
        return true;
    }
    output_.push(Segment::bytes(output.substr(count)));
    output.clear();
    state_ = State::sending;
    set_deadline(loop_.settings.send_timeout);
    answer_went_on(count, SendStatus::blocked);
    return false;
}

}  // namespace basehttp
