#include "server/proxy_greeting.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "server/http1/proxy_header.hpp"
#include "server/http_loop.hpp"
#include "server/http_server.hpp"

namespace basehttp {

ProxyGreeting::ProxyGreeting(HttpLoop& loop, Fd socket, Client proxy, SocketRole role)
    : Connection(socket.get()),
      loop_(loop),
      socket_(std::move(socket)),
      client_(std::move(proxy)),
      role_(role) {}

void ProxyGreeting::start() {
    deadline_ = loop_.loop.now() + loop_.settings.header_timeout;
    advance();
}

void ProxyGreeting::on_event(std::uint32_t events) {
    if (over_) return;
    if (events & (EPOLLERR | EPOLLHUP)) return abort();
    loop_.guarded(*this, [this] { advance(); });
}

void ProxyGreeting::advance() {
    char* const scratch = loop_.input.get();
    const ssize_t count = ::recv(slot(), scratch, ProxyHeader::most, MSG_PEEK);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return abort();
    const ProxyHeader header = parse_proxy_header({scratch, static_cast<std::size_t>(count)});
    switch (header.status) {
        case ProxyHeader::Status::incomplete:
            return;
        case ProxyHeader::Status::complete:
            return go_on(header);
        case ProxyHeader::Status::bad:
            return refuse(header.reason);
    }
}

/// A proxy that speaks for itself (LOCAL) stays what it is. Of a client without an IP address
/// nothing is known, so what it says of others is not believed.
void ProxyGreeting::go_on(const ProxyHeader& header) {
    static_cast<void>(::recv(slot(), loop_.input.get(), header.size, 0));
    if (!header.from_proxy) client_.trusted = false;
    if (header.client) {
        client_.address = {ip_text(header.client->ip), header.client->port};
        client_.trusted = loop_.settings.trusted_proxies.contains(header.client->ip);
        if (!loop_.admit(client_, slot(), role_)) return abort();
    }
    over_ = true;
    loop_.replace(*this, loop_.first_phase(std::move(socket_), std::move(client_), role_));
}

void ProxyGreeting::refuse(const char* reason) {
    if (loop_.server.notices.proxy_header(loop_.loop.now()))
        loop_.server.log().write(LogLevel::warning,
                                 "A connection of the trusted proxy " + client_.address.text() +
                                     " was closed, for server.proxy_protocol is on and its PROXY "
                                     "header is bad: " +
                                     reason);
    abort();
}

void ProxyGreeting::check_deadline(std::chrono::microseconds now) {
    if (now >= deadline_) refuse("it did not come in time");
}

void ProxyGreeting::settings_changed() {
    loop_.review_trust(client_, slot());
    if (!client_.trusted) abort();
}

void ProxyGreeting::abort() {
    if (std::exchange(over_, true)) return;
    loop_.unwatch(*this);
    socket_.reset();
    loop_.remove(*this);
}

}  // namespace basehttp
