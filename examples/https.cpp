// HTTPS: the server of hello.cpp with one line more. Handlers are the same; request.tls tells them
// what the connection has agreed on.
//
//   Run:  https [PORT [CERTIFICATE [KEY]]]   PEM files; without them it signs one for itself
//   Try:  curl -k https://127.0.0.1:8000/    -k because nobody else vouches for that one
#include <basehttp/basehttp.hpp>
#include <iostream>

using namespace basehttp;

struct Hello : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        send_text(200, "Hello over " + request.tls->protocol + ", " + request.tls->cipher + "\n");
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    TlsSettings tls;
    tls.self_signed = argc < 3;
    if (argc > 2) tls.certificates = {{argv[2], argc > 3 ? argv[3] : "", ""}};
    // With the files at hand, as in Python: server(address, handler, "cert.pem", "key.pem")
    ThreadingHTTPSServer server({"127.0.0.1", port}, handler_class<Hello>(), tls);
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
