// A method that HTTP does not know. Python finds do_SPAM by its name; C++ is told.
//
//   Run:  spam [PORT]
//   Try:  curl -i -X SPAM --data 'bacon' http://127.0.0.1:8000/
#include <basehttp/basehttp.hpp>
#include <iostream>

using namespace basehttp;

struct SpamHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void setup() override {
        add_method("SPAM", [this] { do_SPAM(); });
    }

    void do_SPAM() {
        const std::string text = "Spam, " + rfile.read() + " and spam\n";
        send_response(200, "Lovely");
        send_header("Content-Type", "text/plain; charset=utf-8");
        send_header("Content-Length", text.size());
        end_headers();
        wfile.write(text);
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<SpamHandler>());
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
