// Errors: send_error() with a page of one's own, errors that are thrown, and a bug. Only what the
// program says goes to the client; what a bug says goes to the log.
//
//   Run:  errors [PORT]
//   Try:  curl -i http://127.0.0.1:8000/missing
//         also /teapot, /secret, /bug, and curl -X DELETE
#include <basehttp/basehttp.hpp>
#include <iostream>

using namespace basehttp;

struct ErrorHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void setup() override {
        error_message_format =
            "<!DOCTYPE html><title>%(message)s</title>\n"
            "<h1>%(code)d %(message)s</h1>\n"
            "<p>%(explain)s\n";
    }

    void do_GET() override {
        if (path == "/teapot") return send_error(418, "Short and stout", "Try the coffee pot.");
        if (path == "/secret") require_password();
        if (path == "/bug") path = std::string().at(7);
        if (path != "/") return send_error(404);
        send_text(200, "Nothing is wrong here\n");
    }

    /// Deep in the program, where there is no way to send an answer and return.
    void require_password() {
        if (!headers.contains("Authorization")) throw HTTPError(403, "Not without a password");
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<ErrorHandler>());
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
