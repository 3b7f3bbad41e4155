// What a handler knows of a request: its client, its line, its query, its header fields, and the
// server that took it.
//
//   Run:  get_values [PORT]
//   Try:  curl 'http://127.0.0.1:8000/a%20path?name=Ada&tag=x&tag=y&debug'
#include <basehttp/basehttp.hpp>
#include <iostream>
#include <sstream>

using namespace basehttp;

struct GetValues : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        std::ostringstream page;
        page << "The client\n"
             << "  address          " << client_address.host << "\n"
             << "  port             " << client_address.port << "\n"
             << "\nThe request\n"
             << "  requestline      " << requestline << "\n"
             << "  command          " << command << "\n"
             << "  path             " << path << "\n"
             << "  request_version  " << request_version << "\n"
             << "\nThe parts of its path, decoded\n"
             << "  path             " << urllib::unquote(urllib::urlsplit(path).path) << "\n";
        const Query query(path);
        for (const auto& [name, value] : query.items())
            page << "  query            " << name << " = " << value << "\n";
        page << "  the name         " << query.get("name", "(none)") << "\n"
             << "  debugging        " << (query.contains("debug") ? "yes" : "no") << "\n"
             << "\nThe server\n"
             << "  server_name      " << server.server_address.host << "\n"
             << "  server_port      " << server.server_address.port << "\n"
             << "  server_version   " << server_version << "\n"
             << "  protocol_version " << protocol_version << "\n"
             << "\nThe header fields\n";
        for (const auto& [name, value] : headers) page << "  " << name << ": " << value << "\n";
        send_text(200, page.str());
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<GetValues>());
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
