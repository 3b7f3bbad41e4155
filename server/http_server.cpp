#include "server/http_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <typeinfo>

#include "server/http1/http_connection.hpp"
#include "server/http_loop.hpp"

namespace basehttp {

HTTPServer::HTTPServer(Address address, HandlerFactory handler, bool bind_and_activate)
    : TCPServer(std::move(address), std::move(handler), false) {
    if (!bind_and_activate) return;
    HTTPServer::server_bind();
    server_activate();
}

HTTPServer::~HTTPServer() = default;

void HTTPServer::server_bind() {
    TCPServer::server_bind();
    name_server();
}

void HTTPServer::name_server() {
    server_port = server_address.port;
    std::array<char, 256> name{};
    const bool any = server_address.host.empty() || server_address.host == "::" ||
                     server_address.host == "0.0.0.0" || server_address.is_unix();
    server_name =
        any && ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : server_address.host;
}

bool HTTPServer::may_replay() const { return typeid(*this) == typeid(HTTPServer); }
bool ThreadingHTTPServer::may_replay() const {
    return typeid(*this) == typeid(ThreadingHTTPServer);
}

void HTTPServer::make_loops() {
    if (!may_replay()) settings.cache_bytes = 0;
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
        if (index == 0) service_actions();
    };
    TCPServer::start_loop(index);
}

void HTTPServer::drain_loop(std::size_t index) {
    TCPServer::drain_loop(index);
    if (http_loops_[index]) http_loops_[index]->drain();
}

std::uint64_t HTTPServer::answered() const { return http_loops_.front()->answered; }

void HTTPServer::out_of_descriptors(std::size_t index) {
    http_loops_[index]->cache.drop_descriptors();
    TCPServer::out_of_descriptors(index);
}

void HTTPServer::take_connection(std::size_t index, Fd socket, Address client) {
    http_loops_[index]->add(std::move(socket), std::move(client));
}

}  // namespace basehttp
