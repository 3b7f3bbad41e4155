// A server on a socket that somebody else made: a parent process, systemd, or code like this.
//
//   Run:  existing_socket [PORT]
//   Try:  curl http://127.0.0.1:8000/
#include <arpa/inet.h>
#include <sys/socket.h>

#include <basehttp/basehttp.hpp>
#include <iostream>
#include <system_error>

using namespace basehttp;

struct Hello : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override { send_text(200, "Hello through a socket of before\n"); }
};

static Fd listening_socket(std::uint16_t port) {
    Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.get(), 128) != 0)
        throw std::system_error(errno, std::generic_category(), "No socket");
    return listener;
}

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({}, handler_class<Hello>(), false);  // binds nothing itself
    server.add_socket(listening_socket(port));
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
