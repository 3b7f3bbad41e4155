#include "server/tcp_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace basehttp {

TCPServer::TCPServer(Address address, HandlerFactory handler, bool bind_and_activate)
    : BaseServer(std::move(address), std::move(handler)) {
    if (!bind_and_activate) return;
    TCPServer::server_bind();
    TCPServer::server_activate();
}

TCPServer::~TCPServer() { TCPServer::server_close(); }

void TCPServer::server_bind() { add_address(server_address); }

void TCPServer::add_address(const Address& address) {
    add_socket(bind_socket(address, allow_reuse_address));
    if (address.is_unix()) unix_paths_.push_back(address.host.substr(5));
    const int seconds = 1;
    if (defer_accept && !address.is_unix())
        ::setsockopt(sockets_.back().get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
                     sizeof seconds);
}

void TCPServer::add_socket(Fd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        throw std::system_error(errno, std::generic_category(), "listening socket");
    // Accepted sockets inherit it: answers are written whole, waiting for more helps nobody. A unix
    // socket has no such thing.
    const int at_once = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (sockets_.empty()) server_address = socket_address(socket.get());
    parent_only_.add(socket.get());
    sockets_.push_back(std::move(socket));
}

void TCPServer::server_activate() {
    for (const Fd& socket : sockets_)
        if (::listen(socket.get(), request_queue_size) != 0)
            throw std::system_error(errno, std::generic_category(),
                                    socket_address(socket.get()).text());
}

void TCPServer::server_close() {
    parent_only_.clear();
    sockets_.clear();
    for (const std::string& path : unix_paths_) ::unlink(path.c_str());
    unix_paths_.clear();
}

std::vector<Address> TCPServer::addresses() const {
    std::vector<Address> addresses;
    for (const Fd& socket : sockets_) addresses.push_back(socket_address(socket.get()));
    return addresses;
}

void TCPServer::make_loops() {
    BaseServer::make_loops();
    listeners_.resize(loops_.size());
}

void TCPServer::start_loop(std::size_t index) {
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        listeners_[index].push_back(std::make_unique<Listener>(
            *loops_[index], sockets_[i].get(),
            [this, index, i](Fd connection, Address client) {
                take_connection(index, i, std::move(connection), std::move(client));
            },
            [this, index] { out_of_descriptors(index); }));
}

void TCPServer::out_of_descriptors(std::size_t index) {
    constexpr std::chrono::minutes between_lines{1};
    const auto now = loops_[index]->now().count();
    auto last = descriptors_logged_.load();
    if (last != 0 && now - last < std::chrono::microseconds(between_lines).count()) return;
    if (!descriptors_logged_.compare_exchange_strong(last, now)) return;
    log().write(LogLevel::error,
                "Out of file descriptors or memory: new connections wait. Raise LimitNOFILE "
                "(ulimit -n) or lower timeouts.idle");
}

void TCPServer::drain_loop(std::size_t index) { stop_listening(index); }

void TCPServer::retry_listening(std::size_t index) {
    for (auto& listener : listeners_[index]) listener->retry();
}

}  // namespace basehttp
