#include "server/http_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
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

void HTTPServer::make_loops() {
    if (!may_replay()) settings.cache_bytes = 0;
    if (settings.cache_bytes == 0) settings.make_replay = nullptr;
    while (loops_.size() < std::max(1u, settings.loops))
        loops_.push_back(std::make_unique<EventLoop>(*clock));
    TCPServer::make_loops();
    http_loops_.resize(loops_.size());
}

void HTTPServer::start_loop(std::size_t index) {
    http_loops_[index] =
        std::make_unique<HttpLoop>(*loops_[index], *this, [this, index] { loop_drained(index); });
    loops_[index]->on_tick = [this, index] {
        http_loops_[index]->tick();
        retry_listening(index);
    };
    TCPServer::start_loop(index);
}

void HTTPServer::drain_loop(std::size_t index) {
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

void HTTPServer::add_plain_address(const Address& address) {
    add_address(address);
    plain_.push_back(socket_count() - 1);
}

void HTTPServer::add_plain_socket(Fd socket) {
    add_socket(std::move(socket));
    plain_.push_back(socket_count() - 1);
}

std::uint16_t HTTPServer::tls_port() const {
    const std::vector<Address> all = addresses();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!is_plain(i) && !all[i].is_unix()) return all[i].port;
    return 0;
}

bool HTTPServer::is_plain(std::size_t listener) const {
    return !tls || std::find(plain_.begin(), plain_.end(), listener) != plain_.end();
}

void HTTPServer::take_connection(std::size_t index, std::size_t listener, Fd socket,
                                 Address client) {
    if (is_plain(listener))
        http_loops_[index]->add(std::move(socket), std::move(client));
    else
        http_loops_[index]->add_tls(std::move(socket), std::move(client), tls);
}

}  // namespace basehttp
