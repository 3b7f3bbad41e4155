#include "server/tcp_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace basehttp {
namespace {

void prepare(const ListeningSocket& listening) {
    const int socket = listening.socket.get();
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
        throw std::system_error(errno, std::generic_category(), "listening socket");
    // Accepted sockets inherit it: answers are written whole, waiting for more helps nobody. A unix
    // socket has no such thing.
    const int at_once = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    // And what a client does not take waits in its file or in the answer's own memory, not by
    // megabytes in the kernel's, which all connections of the machine share. Until it proves fast:
    // Transport::allow_much().
    const int unsent = 128 << 10;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

}  // namespace

TCPServer::TCPServer(Address address, HandlerFactory handler, bool bind_and_activate)
    : BaseServer(std::move(address), std::move(handler)) {
    if (!bind_and_activate) return;
    TCPServer::server_bind();
    TCPServer::server_activate();
}

TCPServer::~TCPServer() { TCPServer::server_close(); }

void TCPServer::server_bind() { add_address(server_address); }

int TCPServer::fileno() const {
    const std::lock_guard lock(sockets_mutex_);
    return sockets_.empty() ? -1 : sockets_.front()->socket.get();
}

ListeningSockets TCPServer::sockets() const {
    const std::lock_guard lock(sockets_mutex_);
    return sockets_;
}

std::shared_ptr<ListeningSocket> TCPServer::make_socket(const Address& address, int role,
                                                        bool share_port) const {
    auto made = std::make_shared<ListeningSocket>();
    made->socket = bind_socket(address, allow_reuse_address, share_port);
    made->role = role;
    if (address.is_unix()) made->unix_path = address.host.substr(5);
    const int seconds = 1;
    if (defer_accept && !address.is_unix())
        ::setsockopt(made->socket.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
    return made;
}

void TCPServer::add_address(const Address& address, int role) { add(make_socket(address, role)); }

void TCPServer::add_socket(Fd socket, int role) {
    auto added = std::make_shared<ListeningSocket>();
    added->socket = std::move(socket);
    added->role = role;
    add(std::move(added));
}

void TCPServer::add(std::shared_ptr<ListeningSocket> socket) {
    prepare(*socket);
    const std::lock_guard lock(sockets_mutex_);
    if (sockets_.empty()) server_address = socket_address(socket->socket.get());
    parent_only_.add(socket->socket.get());
    sockets_.push_back(std::move(socket));
}

void TCPServer::listen(const ListeningSocket& socket) const {
    if (::listen(socket.socket.get(), request_queue_size) != 0)
        throw std::system_error(errno, std::generic_category(),
                                socket_address(socket.socket.get()).text());
}

void TCPServer::server_activate() {
    for (const auto& socket : sockets()) listen(*socket);
}

void TCPServer::server_close() {
    const std::lock_guard lock(sockets_mutex_);
    parent_only_.clear();
    for (const auto& socket : sockets_)
        if (!socket->unix_path.empty() && owns_socket_files) ::unlink(socket->unix_path.c_str());
    sockets_.clear();
}

void TCPServer::replace_sockets(ListeningSockets next) {
    ListeningSockets old = sockets();
    const auto is_in = [](const ListeningSockets& all, const auto& one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    for (const auto& socket : next) {
        if (!is_in(old, socket)) prepare(*socket);
        listen(*socket);  // again: the backlog may be another
    }
    const bool serving = is_serving();  // then handlers may look at server_address
    {
        const std::lock_guard lock(sockets_mutex_);
        for (const auto& socket : next) parent_only_.add(socket->socket.get());
        sockets_ = next;
        if (!next.empty() && !serving) server_address = socket_address(next.front()->socket.get());
    }
    run_on_loops([this, &next](std::size_t index) { accept_from(index, next); });
    const std::lock_guard lock(sockets_mutex_);
    for (const auto& socket : old) {
        if (is_in(next, socket)) continue;
        parent_only_.remove(socket->socket.get());
        const bool has_heir = std::any_of(next.begin(), next.end(), [&](const auto& one) {
            return one->unix_path == socket->unix_path;
        });
        if (!socket->unix_path.empty() && !has_heir && owns_socket_files)
            ::unlink(socket->unix_path.c_str());
    }
}

std::vector<Address> TCPServer::addresses() const {
    std::vector<Address> addresses;
    for (const auto& socket : sockets()) addresses.push_back(socket_address(socket->socket.get()));
    return addresses;
}

void TCPServer::make_loops() {
    BaseServer::make_loops();
    listeners_.resize(loops_.size());
    has_stopped_.assign(loops_.size(), 0);
    stopped_loops_ = 0;
}

void TCPServer::start_loop(std::size_t index) { accept_from(index, sockets()); }

/// From all of these and no others. Loop thread.
void TCPServer::accept_from(std::size_t index, const ListeningSockets& sockets) {
    std::vector<Accepting> next;
    for (const auto& socket : sockets) {
        auto& now = listeners_[index];
        const auto found = std::find_if(now.begin(), now.end(), [&](const Accepting& accepting) {
            return accepting.socket == socket;
        });
        if (found != now.end()) {
            next.push_back(std::move(*found));
            now.erase(found);
            continue;
        }
        next.push_back({socket, std::make_unique<Listener>(
                                    *loops_[index], socket->socket.get(),
                                    [this, index, socket](Fd connection, Address client) {
                                        take_connection(index, *socket, std::move(connection),
                                                        std::move(client));
                                    },
                                    [this, index] { out_of_descriptors(index); },
                                    [this, index, socket] { return has_room(index, *socket); })});
    }
    stop_listening(index);
    listeners_[index] = std::move(next);
}

void TCPServer::stop_listening(std::size_t index) {
    const std::vector<Accepting> ended = std::move(listeners_[index]);
    listeners_[index].clear();
    for (const Accepting& accepting : ended) accepting.listener->take_rest();
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

void TCPServer::drain_loop(std::size_t index) {
    stop_listening(index);
    if (std::exchange(has_stopped_[index], 1) != 0) return;
    if (++stopped_loops_ == loops_.size() && closes_at_shutdown) TCPServer::server_close();
}

void TCPServer::retry_listening(std::size_t index) {
    for (const Accepting& accepting : listeners_[index]) accepting.listener->retry();
}

}  // namespace basehttp
