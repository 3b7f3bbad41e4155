#include "server/transport.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "server/tls/tls_session.hpp"

namespace basehttp {

Transport::Transport(Fd socket) : socket_(std::move(socket)) {}
Transport::Transport(Fd socket, std::unique_ptr<TlsSession> tls)
    : socket_(std::move(socket)), tls_(std::move(tls)) {}
Transport::Transport(Transport&&) noexcept = default;
Transport::~Transport() = default;

long Transport::receive(std::span<char> out) {
    if (tls_) {
        const long count = tls_->receive(out);
        readable_ = count > 0 && (tls_->may_have_more() || half_closed_);
        if (count == 0) half_closed_ = true;
        return count;
    }
    for (;;) {
        const ssize_t count = ::recv(socket_.get(), out.data(), out.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN) return -2;
        // A short read has emptied the socket: the next edge tells of more.
        readable_ = count == static_cast<ssize_t>(out.size()) || (count > 0 && half_closed_);
        if (count == 0) half_closed_ = true;
        return count;
    }
}

void Transport::set_readable() {
    readable_ = true;
    if (tls_) tls_->set_readable();
}

std::size_t Transport::send(std::string_view bytes) {
    if (!tls_ || tls_->kernel_sends()) {
        const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return static_cast<std::size_t>(std::max<ssize_t>(0, count));
    }
    if (bytes.size() > TlsSession::record_size) return 0;  // a queue sends several records at once
    return static_cast<std::size_t>(std::max(0L, tls_->send(bytes)));
}

SendStatus Transport::send(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent) {
    if (tls_ && !tls_->kernel_sends()) return tls_->send(queue, scratch, sent);
    return queue.send(socket_.get(), sent);
}

bool Transport::unsent() const { return tls_ && tls_->unsent(); }

void Transport::allow_much() {
    const int by_the_system = 0;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &by_the_system,
                 sizeof by_the_system);
}

void Transport::finish(bool linger) {
    if (tls_) tls_->close_notify();
    if (linger) ::shutdown(socket_.get(), SHUT_WR);
}

void Transport::reset_on_close() {
    const ::linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Transport::close() {
    tls_.reset();
    socket_.reset();
}

}  // namespace basehttp
