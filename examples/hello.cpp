// A server in three lines: main() makes it, says where it is, and serves.
//
//   Run:  hello [PORT]
//   Try:  curl http://127.0.0.1:8000/
#include <basehttp/basehttp.hpp>
#include <iostream>

using namespace basehttp;

struct Hello : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override { send_text(200, "Hello " + client_address.host + "\n"); }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<Hello>());
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
