#include "tests/support/raw_client.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace basehttp {
namespace {

bool wait_for(int socket, short events, int milliseconds) {
    pollfd polled{socket, events, 0};
    int ready;
    do {
        ready = ::poll(&polled, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

void wait_or_throw(int socket, short events) {
    if (!wait_for(socket, events, RawClient::patience * 1000))
        throw std::runtime_error("RawClient: the server does nothing");
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), "connect");
}

std::size_t RawClient::send_some(std::string_view text) {
    const ssize_t count =
        ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool RawClient::send(std::string_view text) {
    while (!text.empty()) {
        wait_or_throw(socket_.get(), POLLOUT);
        const ssize_t count =
            ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// False at the end.
bool RawClient::fill() {
    for (;;) {
        wait_or_throw(socket_.get(), POLLIN);
        std::array<char, 65536> bytes;
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) was_reset_ = true;
        if (count > 0) input_.append(bytes.data(), static_cast<std::size_t>(count));
        return count > 0;
    }
}

std::string RawClient::receive(std::size_t size) {
    while (input_.size() < size)
        if (!fill()) throw std::runtime_error("RawClient: the end came early: '" + input_ + "'");
    const std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
}

std::string RawClient::receive_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = input_.find(end)) == std::string::npos)
        if (!fill()) throw std::runtime_error("RawClient: the end came early: '" + input_ + "'");
    return receive(at + end.size());
}

std::string RawClient::receive_all() {
    while (fill()) continue;
    return receive(input_.size());
}

bool RawClient::something_there() const {
    return !input_.empty() || wait_for(socket_.get(), POLLIN, 0);
}

void RawClient::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::cut() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
}

std::string exchange(std::uint16_t port, std::string_view text) {
    RawClient client(port);
    client.send(text);
    return client.receive_all();
}

}  // namespace basehttp
