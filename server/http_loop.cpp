#include "server/http_loop.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "server/http1/http_connection.hpp"
#include "server/http_server.hpp"
#include "server/proxy_greeting.hpp"
#include "server/tls/tls_handshake.hpp"

namespace basehttp {
namespace {

/// A line after a pause is written at once, others together: at the latest by the next tick. To
/// wake the log's thread costs more than the line.
constexpr std::chrono::milliseconds log_gather{50};

constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n"
    "Content-Length: 26\r\nConnection: close\r\n\r\nToo many open connections\n";

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
      drained_(std::move(drained)),
      tls_(http_server.tls) {
    cache.canonical_host = settings.canonical_host;
    loop.on_idle = [this] {
        if (loop.now() - log_flushed_ >= log_gather) flush_log();
    };
}

HttpLoop::~HttpLoop() { flush_log(); }

void HttpLoop::add(Fd socket, Address address, SocketRole role) {
    Client client{std::move(address), false, server.connection_limits.enter()};
    const bool proxies = role != SocketRole::health && !settings.trusted_proxies.empty();
    client.trusted = proxies && settings.trusted_proxies.contains(client.address);
    if (client.trusted && settings.proxy_protocol)
        return put(
            std::make_unique<ProxyGreeting>(*this, std::move(socket), std::move(client), role));
    if (!admit(client, socket.get(), role)) return;
    put(first_phase(std::move(socket), std::move(client), role));
}

std::unique_ptr<Connection> HttpLoop::first_phase(Fd socket, Client client, SocketRole role) {
    if (role == SocketRole::standard && tls_) {
        if (!records_) records_.reset(new char[records_size]);
        return std::make_unique<TlsHandshake>(*this, std::move(socket), std::move(client), tls_);
    }
    using Use = HttpConnection::Use;
    return std::make_unique<HttpConnection>(*this, Transport(std::move(socket)), std::move(client),
                                            role == SocketRole::health ? Use::health : Use::sites);
}

/// What the client has sent is read before the answer, so that closing does not become a reset.
bool HttpLoop::admit(Client& client, int socket, SocketRole role) {
    if (client.trusted || role == SocketRole::health) return true;
    if (server.connection_limits.count_address(client.place, client.address)) return true;
    if (role == SocketRole::plain || !tls_) {
        static_cast<void>(::recv(socket, input.get(), input_size, 0));
        ::send(socket, too_many_connections.data(), too_many_connections.size(), MSG_NOSIGNAL);
    }
    if (server.notices.per_address(loop.now()))
        server.log().write(LogLevel::warning, "A connection of " + client.address.text() +
                                                  " was closed: its address has as many as "
                                                  "limits.connections_per_address allows");
    return false;
}

void HttpLoop::reconfigure(const HttpSettings& next, std::shared_ptr<const TlsSites> next_tls) {
    settings = next;
    tls_ = std::move(next_tls);
    cache.reset(settings.cache_bytes, settings.cache_entries);
    cache.canonical_host = settings.canonical_host;
    ++generation_;
    for (auto& connection : by_fd_)
        if (connection) connection->settings_changed();
}

void HttpLoop::review_trust(Client& client, int socket) const {
    if (!client.trusted) return;
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const peer = reinterpret_cast<sockaddr*>(&storage);
    client.trusted = settings.trusted_proxies.contains(client.address) &&
                     ::getpeername(socket, peer, &length) == 0 &&
                     settings.trusted_proxies.contains(Address::from(peer, length));
}

void HttpLoop::put(std::unique_ptr<Connection> connection) {
    const auto slot = static_cast<std::size_t>(connection->slot());
    if (slot >= by_fd_.size()) by_fd_.resize(slot + 1);
    removed_.reserve(count_ + 1);  // to remove one costs no memory
    by_fd_[slot] = std::move(connection);
    ++count_;
    loop.adopt(static_cast<int>(slot));
    try {
        by_fd_[slot]->start();
        if (by_fd_[slot]) watch(*by_fd_[slot]);
    } catch (const std::exception& error) {
        if (by_fd_[slot]) drop(*by_fd_[slot], error);
    }
}

/// Even where there is no memory to say why.
void HttpLoop::drop(Connection& connection, const std::exception& error) noexcept {
    output.clear();  // nobody else's
    queue.clear();
    try {
        if (server.notices.dropped(loop.now()))
            server.log().write(LogLevel::error,
                               std::string("A connection was dropped: ") + error.what());
    } catch (const std::bad_alloc&) {
    }
    connection.apologize();
    connection.abort();
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
    try {
        loop.post([this] {
            removed_.clear();
            tell_when_drained();
        });
    } catch (const std::bad_alloc&) {  // the next one frees it, too
    }
}

void HttpLoop::resume_later(HttpConnection& connection) {
    loop.post([this, slot = static_cast<std::size_t>(connection.slot()), &connection] {
        if (by_fd_[slot].get() == &connection)
            guarded(connection, [&connection] { connection.advance(); });
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
    const bool cut = draining_ && !server.patient && loop.now() >= cut_at_;
    for (auto& connection : by_fd_) {
        if (!connection) continue;
        guarded(*connection, [this, cut, one = connection.get()] {
            cut ? one->cut() : one->check_deadline(loop.now());
        });
    }
}

void HttpLoop::log_access(AccessRecord record) {
    constexpr std::size_t batch = 16u << 10;
    if (!access_lines_.follow(server.log())) return;
    if (access_lines_.names_site() && settings.canonical_host)
        record.site = settings.canonical_host(record.host);
    access_lines_.add(record, loop.wall_time());
    if (access_lines_.size() >= batch)
        flush_log();
    else if (loop.now() - log_flushed_ >= log_gather)
        loop.request_idle();
}

void HttpLoop::flush_log() {
    access_lines_.follow(server.log());
    if (access_lines_.size() == 0) return;
    access_lines_.flush(server.log());
    log_flushed_ = loop.now();
}

}  // namespace basehttp
