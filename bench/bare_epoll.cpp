// The floor: one thread, epoll, recv, send. Every readable event is answered with the same page;
// nothing is parsed. What a web server costs beyond this is its own doing.
//     bare_epoll PORT [SIZE]        on 127.0.0.1, until killed; SIZE of the content, or 1024
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

/// A head like that of a real answer, and `size` bytes of content.
std::string fixed_answer(std::size_t size) {
    return "HTTP/1.1 200 OK\r\n"
           "Server: bare\r\n"
           "Date: Sat, 21 Nov 2026 09:00:00 GMT\r\n"
           "Content-Type: text/html; charset=utf-8\r\n"
           "Content-Length: " +
           std::to_string(size) +
           "\r\n"
           "Last-Modified: Sat, 21 Nov 2026 09:00:00 GMT\r\n"
           "ETag: \"0123456789abcdef-400\"\r\n\r\n" +
           std::string(size, 'x');
}

int listen_on(std::uint16_t port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 1024) != 0) {
        std::perror("bare_epoll: bind");
        std::exit(1);
    }
    return listener;
}

void watch(int epoll, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void accept_one(int epoll, int listener) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, client, EPOLLIN | EPOLLET);
}

void answer(int client, const std::string& page) {
    static std::array<char, 16384> buffer;
    const ssize_t received = recv(client, buffer.data(), buffer.size(), 0);
    if (received > 0) {
        send(client, page.data(), page.size(), MSG_NOSIGNAL);
    } else if (received == 0 || errno != EAGAIN) {
        close(client);
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2 || count > 3) {
        std::fputs("usage: bare_epoll PORT [SIZE]\n", stderr);
        return 2;
    }
    const std::string page =
        fixed_answer(count == 3 ? std::strtoul(arguments[2], nullptr, 10) : 1024);
    const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(arguments[1])));
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, EPOLLIN);
    std::array<epoll_event, 256> events;
    for (;;) {
        const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (std::size_t i = 0; i < static_cast<std::size_t>(ready < 0 ? 0 : ready); ++i) {
            const int fd = events[i].data.fd;
            fd == listener ? accept_one(epoll, listener) : answer(fd, page);
        }
    }
}
