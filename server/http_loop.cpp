#include "server/http_loop.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "server/http1/http_connection.hpp"
#include "server/http_server.hpp"
#include "server/tls/tls_handshake.hpp"

namespace basehttp {
namespace {

/// A line after a pause is written at once, others together: at the latest by the next tick. To
/// wake the log's thread costs more than the line.
constexpr std::chrono::milliseconds log_gather{50};

constexpr std::uint32_t watched_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/// What cached answers may hold: an eighth of what this process may, shared by the loops.
std::size_t most_descriptors(unsigned loops) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
    return std::min<std::size_t>(256, limit.rlim_cur / 8 / std::max(1u, loops));
}

}  // namespace

HttpLoop::HttpLoop(EventLoop& event_loop, HTTPServer& http_server, std::function<void()> drained)
    : loop(event_loop),
      server(http_server),
      settings(http_server.settings),
      cache(settings.cache_bytes, settings.cache_entries, most_descriptors(settings.loops)),
      input(new char[input_size]),
      drained_(std::move(drained)) {
    cache.canonical_host = settings.canonical_host;
    loop.on_idle = [this] {
        if (loop.now() - log_flushed_ >= log_gather) flush_log();
    };
}

HttpLoop::~HttpLoop() { flush_log(); }

void HttpLoop::add(Fd socket, Address client) {
    put(std::make_unique<HttpConnection>(*this, Transport(std::move(socket)), std::move(client)));
}

void HttpLoop::add_tls(Fd socket, Address client, std::shared_ptr<const TlsSites> sites) {
    if (!records_) records_.reset(new char[records_size]);
    put(std::make_unique<TlsHandshake>(*this, std::move(socket), std::move(client),
                                       std::move(sites)));
}

void HttpLoop::put(std::unique_ptr<Connection> connection) {
    const auto slot = static_cast<std::size_t>(connection->slot());
    if (slot >= by_fd_.size()) by_fd_.resize(slot + 1);
    by_fd_[slot] = std::move(connection);
    ++count_;
    loop.adopt(static_cast<int>(slot));
    try {
        by_fd_[slot]->start();
        if (by_fd_[slot]) watch(*by_fd_[slot]);
    } catch (const std::exception& error) {
        output.clear();  // nobody else's
        queue.clear();
        server.log().write(LogLevel::error,
                           std::string("A connection was dropped: ") + error.what());
        if (by_fd_[slot]) by_fd_[slot]->abort();
    }
}

void HttpLoop::watch(Connection& connection) {
    loop.watch(connection.slot(), watched_events, connection);
    connection.watched = true;
}

void HttpLoop::unwatch(const Connection& connection) {
    connection.watched ? loop.unwatch(connection.slot()) : loop.release(connection.slot());
}

void HttpLoop::replace(Connection& old, std::unique_ptr<Connection> next) {
    auto& slot = by_fd_[static_cast<std::size_t>(old.slot())];
    next->watched = old.watched;
    if (next->watched) loop.rewatch(old.slot(), watched_events, *next);
    free_later(std::exchange(slot, std::move(next)));
    slot->start();
}

void HttpLoop::remove(Connection& connection) {
    free_later(std::move(by_fd_[static_cast<std::size_t>(connection.slot())]));
    --count_;
}

void HttpLoop::free_later(std::unique_ptr<Connection> connection) {
    removed_.push_back(std::move(connection));
    loop.post([this] {
        removed_.clear();
        tell_when_drained();
    });
}

void HttpLoop::resume_later(HttpConnection& connection) {
    loop.post([this, slot = static_cast<std::size_t>(connection.slot()), &connection] {
        if (by_fd_[slot].get() == &connection) connection.advance();
    });
}

void HttpLoop::drain() {
    draining_ = true;
    cut_at_ = loop.now() + settings.shutdown_timeout;
    for (auto& connection : by_fd_)
        if (connection) connection->drain();
    tell_when_drained();
}

void HttpLoop::tell_when_drained() {
    if (draining_ && count_ == 0) drained_();
}

void HttpLoop::tick() {
    flush_log();
    const bool cut = draining_ && loop.now() >= cut_at_;
    for (auto& connection : by_fd_) {
        if (!connection) continue;
        if (cut)
            connection->cut();
        else
            connection->check_deadline(loop.now());
    }
}

void HttpLoop::log_access(const AccessRecord& record) {
    constexpr std::size_t batch = 16u << 10;
    if (!server.log().access_on()) return;
    log_time_.update(loop.wall_time());
    append_access_line(log_lines_, server.log().format(), record, log_time_);
    if (log_lines_.size() >= batch)
        flush_log();
    else if (loop.now() - log_flushed_ >= log_gather)
        loop.request_idle();
}

void HttpLoop::flush_log() {
    if (log_lines_.empty()) return;
    server.log().write_access(log_lines_);
    log_lines_.clear();
    log_flushed_ = loop.now();
}

}  // namespace basehttp
