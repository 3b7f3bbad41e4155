#include "tests/support/raw_client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace basehttp {
namespace {

Fd connected_socket(std::uint16_t port, int receive_buffer) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0)
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), "connect");
    return socket;
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : stream_(ClientStream::of_test_transport(connected_socket(port, receive_buffer))) {}

RawClient::RawClient(std::uint16_t port, const TlsClientOptions& tls, int receive_buffer)
    : stream_(connected_socket(port, receive_buffer), tls) {}

RawClient RawClient::greeting(std::uint16_t port, std::string_view greeting) {
    Fd socket = connected_socket(port, 0);
    if (::send(socket.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(greeting.size()))
        throw std::system_error(errno, std::generic_category(), "send");
    return RawClient(ClientStream::of_test_transport(std::move(socket)));
}

RawClient RawClient::plain(std::uint16_t port) {
    return RawClient(ClientStream(connected_socket(port, 0)));
}

void RawClient::fill() {
    if (!stream_.receive(input_))
        throw std::runtime_error("RawClient: the end came early: '" + input_ + "' " +
                                 stream_.tls_error());
}

std::string RawClient::receive(std::size_t size) {
    while (input_.size() < size) fill();
    const std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
}

std::string RawClient::receive_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = input_.find(end)) == std::string::npos) fill();
    return receive(at + end.size());
}

std::string RawClient::receive_all() {
    while (stream_.receive(input_)) continue;
    return receive(input_.size());
}

std::string exchange(std::uint16_t port, std::string_view text) {
    RawClient client(port);
    client.send(text);
    return client.receive_all();
}

}  // namespace basehttp
