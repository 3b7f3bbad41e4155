// The pace of a client: a body that comes or an answer that goes too slowly is ended.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <string>

#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"

namespace basehttp {
namespace {

/// Whose socket took so much is no slow reader: twice what it may hold unsent at first.
constexpr std::uint64_t fast_bytes = 256u << 10;

}  // namespace

void HttpConnection::transfer_begins() {
    rate_.reset();
    taken_ = sent_;
}

void HttpConnection::body_awaited() {
    set_deadline(loop_.settings.body_timeout);
    transfer_begins();
    rate_.wait(loop_.loop.now());
    body_came(static_cast<long>(exchange_->request.body.size()));  // what came with the head
}

void HttpConnection::body_came(long bytes) {
    const HttpSettings& settings = loop_.settings;
    if (settings.min_rate == 0) return;
    rate_.add(loop_.loop.now(), static_cast<std::uint64_t>(bytes), settings.min_rate,
              settings.body_timeout);
}

/// What the socket took is not yet with the client: it may be megabytes.
std::uint64_t HttpConnection::unread_by_client() const {
    int bytes = 0;
    return ::ioctl(slot(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

/// After each attempt to send. Waits for nobody when all is out or when our turn was over.
void HttpConnection::answer_went_on(std::uint64_t bytes, SendStatus status) {
    const bool was_fast = sent_ > fast_bytes;
    sent_ += bytes;
    if (sent_ > fast_bytes && !was_fast) transport_.allow_much();
    if (loop_.settings.min_rate == 0) return;
    const auto now = loop_.loop.now();
    if (status != SendStatus::blocked) return rate_.pause(now);
    // What is left of answers before this one counts when it is taken.
    if (rate_.is_fresh()) taken_ = std::min(taken_, sent_ - std::min(sent_, unread_by_client()));
    rate_.wait(now);
}

/// Once a tick. Who takes something has not stopped, even if the socket has no room for more.
void HttpConnection::check_pace(std::chrono::microseconds now) {
    const HttpSettings& settings = loop_.settings;
    if (settings.min_rate == 0 || !rate_.waiting() || gone_) return;
    const bool body = state_ == State::reading_body || state_ == State::skipping_body;
    if (!body) {
        const std::uint64_t taken = sent_ - std::min(sent_, unread_by_client());
        if (taken > taken_) {
            rate_.add(now, taken - taken_, settings.min_rate, settings.send_timeout);
            if (!exchange_ || !exchange_->waiting) set_deadline(settings.send_timeout);
            taken_ = taken;
        }
    }
    if (!rate_.too_slow(now)) return;
    if (state_ == State::reading_body) {
        reject(408, "Request body came too slowly");
        return advance();
    }
    if (loop_.server.notices.slow(now))
        loop_.server.log().write(
            LogLevel::info, (exchange_ ? exchange_->request.log_prefix() : "") +
                                client_.address.text() + " was cut off: it " +
                                (body ? "sent a body" : "took an answer") + " at less than the " +
                                std::to_string(settings.min_rate) +
                                " bytes a second of limits.min_rate");
    abort();
}

}  // namespace basehttp
