#include "server/http_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <typeinfo>

#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"

namespace basehttp {
namespace {

/// Whether a socket is on all addresses of this machine.
bool is_any(const Address& address) {
    return address.host.empty() || address.host == "::" || address.host == "0.0.0.0";
}

}  // namespace

HTTPServer::HTTPServer(Address address, HandlerFactory handler, bool bind_and_activate)
    : TCPServer(std::move(address), std::move(handler), false) {
    if (!bind_and_activate) return;
    HTTPServer::server_bind();
    HTTPServer::server_activate();
}

HTTPServer::~HTTPServer() = default;

void HTTPServer::server_bind() {
    TCPServer::server_bind();
    name_server();
}

/// Also for sockets that were made elsewhere.
void HTTPServer::server_activate() {
    name_server();
    TCPServer::server_activate();
}

std::string HTTPServer::url(std::size_t listener) const {
    const Address address = addresses().at(listener);
    if (address.is_unix()) return address.host;
    return (is_plain(listener) ? "http://" : "https://") +
           Address{is_any(address) ? "localhost" : address.host, address.port}.text() + "/";
}

void HTTPServer::name_server() {
    server_port = server_address.port;
    std::array<char, 256> name{};
    const bool nameless = is_any(server_address) || server_address.is_unix();
    server_name = nameless && ::gethostname(name.data(), name.size() - 1) == 0
                      ? name.data()
                      : server_address.host;
}

bool HTTPServer::may_replay() const { return typeid(*this) == typeid(HTTPServer); }
bool ThreadingHTTPServer::may_replay() const {
    return typeid(*this) == typeid(ThreadingHTTPServer);
}

/// Without what may not be replayed.
void HTTPServer::bound_cache(HttpSettings& bounded) const {
    if (!may_replay()) bounded.cache_bytes = 0;
    if (bounded.cache_bytes == 0) bounded.make_replay = nullptr;
}

void HTTPServer::reconfigure(HttpSettings next, std::shared_ptr<const TlsSites> next_tls) {
    bound_cache(next);
    {
        const std::lock_guard lock(settings_mutex_);
        next.loops = settings.loops;
        settings = std::move(next);
        tls = std::move(next_tls);
    }
    connection_limits.set(settings.connections, settings.connections_per_address);
    speaks_tls_ = tls != nullptr;
    run_on_loops([this](std::size_t index) { http_loops_[index]->reconfigure(settings, tls); });
}

void HTTPServer::make_loops() {
    bound_cache(settings);
    speaks_tls_ = tls != nullptr;
    has_begun_ = true;
    while (loops_.size() < std::max(1u, settings.loops))
        loops_.push_back(std::make_unique<EventLoop>(*clock));
    TCPServer::make_loops();
    connection_limits.set(settings.connections, settings.connections_per_address);
    connection_limits.has_room_again = [this] {
        for (std::size_t i = 0; i < loops_.size(); ++i)
            loops_[i]->post([this, i] { retry_listening(i); });
    };
    http_loops_.resize(loops_.size());
    if (rounds_.size() != loops_.size())
        rounds_ = std::vector<std::atomic<std::int64_t>>(loops_.size());
    for (auto& round : rounds_) round = clock->monotonic().count();
}

void HTTPServer::start_loop(std::size_t index) {
    const auto drained = [this, index] {
        rounds_[index] = std::numeric_limits<std::int64_t>::max();
        loop_drained(index);
    };
    {
        const std::lock_guard lock(settings_mutex_);
        http_loops_[index] = std::make_unique<HttpLoop>(*loops_[index], *this, drained);
    }
    loops_[index]->on_tick = [this, index] {
        rounds_[index] = loops_[index]->now().count();
        http_loops_[index]->tick();
        retry_listening(index);
    };
    TCPServer::start_loop(index);
}

std::chrono::microseconds HTTPServer::longest_silence() const {
    std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
    for (const auto& round : rounds_) oldest = std::min(oldest, round.load());
    const auto now = clock->monotonic();
    return now - std::min(now, std::chrono::microseconds(oldest));
}

void HTTPServer::drain_loop(std::size_t index) {
    if (const std::uint16_t port = tls_port(); port != 0) last_tls_port_ = port;
    TCPServer::drain_loop(index);
    if (http_loops_[index]) http_loops_[index]->drain();
}

std::uint64_t HTTPServer::answered() const { return http_loops_.front()->answered; }

CacheCounters HTTPServer::cache_counters() const {
    CacheCounters sum;
    for (const auto& http_loop : http_loops_) {
        if (!http_loop) continue;
        const CacheCounters counters = http_loop->cache.counters();
        sum.hits += counters.hits;
        sum.misses += counters.misses;
        sum.stale += counters.stale;
        sum.evictions += counters.evictions;
        sum.entries += counters.entries;
        sum.bytes += counters.bytes;
    }
    return sum;
}

void HTTPServer::out_of_descriptors(std::size_t index) {
    http_loops_[index]->cache.drop_descriptors();
    TCPServer::out_of_descriptors(index);
}

bool HTTPServer::has_room(std::size_t index, const ListeningSocket& listener) {
    if (listener.role == static_cast<int>(SocketRole::health)) return true;
    if (connection_limits.has_room()) return true;
    if (notices.full(loops_[index]->now()))
        log().write(LogLevel::warning,
                    std::to_string(connection_limits.total()) +
                        " connections are open: new ones wait. Raise limits.connections and "
                        "LimitNOFILE (ulimit -n) or lower timeouts.idle");
    return false;
}

void HTTPServer::add_plain_address(const Address& address) {
    add_address(address, static_cast<int>(SocketRole::plain));
}

void HTTPServer::add_plain_socket(Fd socket) {
    add_socket(std::move(socket), static_cast<int>(SocketRole::plain));
}

/// While serving `tls` is the main thread's, which may change it.
bool HTTPServer::speaks_tls() const { return speaks_tls_ || (!has_begun_ && tls); }

std::uint16_t HTTPServer::tls_port() const {
    if (!speaks_tls()) return 0;
    const ListeningSockets all = sockets();
    if (all.empty()) return last_tls_port_;
    for (const auto& socket : all) {
        if (socket->role != static_cast<int>(SocketRole::standard)) continue;
        const Address address = socket_address(socket->socket.get());
        if (!address.is_unix()) return address.port;
    }
    return 0;
}

bool HTTPServer::is_plain(std::size_t listener) const {
    return !speaks_tls() || sockets().at(listener)->role != static_cast<int>(SocketRole::standard);
}

void HTTPServer::take_connection(std::size_t index, const ListeningSocket& listener, Fd socket,
                                 Address client) {
    try {
        http_loops_[index]->add(std::move(socket), std::move(client),
                                static_cast<SocketRole>(listener.role));
    } catch (const std::bad_alloc&) {  // this client goes, the others stay
    }
}

}  // namespace basehttp
