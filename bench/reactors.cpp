// Four ways to wait for sockets, all answering the same fixed 1 KiB response, one thread each:
//     reactors bare|nested|callbacks|coroutines PORT
// Why basehttpd has an epoll loop of its own is told with the help of bench/reactors.sh.
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Take = std::function<void(Socket)>;

const std::string response =
    "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Type: text/html\r\n"
    "Content-Length: 1024\r\nETag: \"abcdefgh-123\"\r\n\r\n" +
    std::string(1024, 'x');

void answer(int socket) { (void)!::send(socket, response.data(), response.size(), MSG_NOSIGNAL); }

void accept_all(Acceptor& acceptor, const Take& take) {
    acceptor.async_accept([&acceptor, &take](boost::system::error_code error, Socket socket) {
        if (!error) {
            socket.non_blocking(true);
            socket.set_option(asio::ip::tcp::no_delay(true));
            take(std::move(socket));
        }
        accept_all(acceptor, take);
    });
}

/// Connections in an edge-triggered epoll set of our own.
class Poll {
  public:
    int fd() const { return epoll_; }
    void add(int fd) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.fd = fd;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
    /// Accepts too, so that nothing else has to wait.
    void listen(int fd) {
        listener_ = fd;
        add(fd);
    }
    void serve(int timeout) {
        std::array<epoll_event, 256> events;
        std::array<char, 16384> buffer;
        int count = 0;
        do {
            count = ::epoll_wait(epoll_, events.data(), 256, timeout);
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_)
                    accept_all();
                else if (::recv(fd, buffer.data(), buffer.size(), 0) > 0)
                    answer(fd);
                else
                    ::close(fd);
            }
        } while (count == 256);
    }

  private:
    void accept_all() {
        for (int fd = 0; fd >= 0;) {
            fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            const int on = 1;
            if (fd >= 0) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (fd >= 0) add(fd);
        }
    }

    int listener_ = -1;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
};

void wait_nested(asio::posix::stream_descriptor& descriptor, Poll& poll) {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [&](boost::system::error_code) {
                              poll.serve(0);
                              wait_nested(descriptor, poll);
                          });
}

struct Callbacks : std::enable_shared_from_this<Callbacks> {
    explicit Callbacks(Socket s) : socket(std::move(s)) {}
    void read() {
        socket.async_read_some(asio::buffer(buffer),
                               [self = shared_from_this()](boost::system::error_code error, auto) {
                                   if (error) return;
                                   answer(self->socket.native_handle());
                                   self->read();
                               });
    }
    Socket socket;
    std::array<char, 16384> buffer{};
};

asio::awaitable<void, Executor> converse(Socket socket) {
    std::array<char, 16384> buffer;
    constexpr asio::use_awaitable_t<Executor> use;
    try {
        for (;;) {
            co_await socket.async_read_some(asio::buffer(buffer), use);
            co_await socket.async_write_some(asio::buffer(response), use);
        }
    } catch (const boost::system::system_error&) {
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string_view mode = argv[1];
    asio::io_context context(1);
    const auto port = static_cast<unsigned short>(std::atoi(argv[2]));
    Acceptor acceptor(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
    Poll poll;
    asio::posix::stream_descriptor descriptor(context, poll.fd());
    Take take = [&](Socket socket) { poll.add(socket.release()); };
    if (mode == "callbacks")
        take = [](Socket socket) { std::make_shared<Callbacks>(std::move(socket))->read(); };
    if (mode == "coroutines")
        take = [&](Socket socket) {
            asio::co_spawn(context.get_executor(), converse(std::move(socket)), asio::detached);
        };
    if (mode == "nested") wait_nested(descriptor, poll);
    if (mode == "bare") {
        acceptor.non_blocking(true);
        poll.listen(acceptor.native_handle());
        for (;;) poll.serve(-1);
    }
    accept_all(acceptor, take);
    context.run();
}
