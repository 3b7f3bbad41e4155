// A loop of the program's own instead of serve_forever(): one request at a time, while it likes.
// This one ends after three answers, and at Ctrl-C or SIGTERM.
//
//   Run:  run_while_true [PORT]
//   Try:  curl 'http://127.0.0.1:8000/[1-3]'
#include <basehttp/basehttp.hpp>
#include <csignal>
#include <iostream>

using namespace basehttp;

static volatile std::sig_atomic_t stopped = 0;
static int answers_left = 3;  // of one thread: HTTPServer runs handlers in the loop below

static bool keep_running() { return !stopped && answers_left > 0; }

struct CountingHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        --answers_left;
        send_text(200, std::to_string(answers_left) + " to go\n");
    }
};

struct PatientServer : HTTPServer {
    using HTTPServer::HTTPServer;

    void handle_timeout() override {
        if (++silence % 60 == 0) std::cout << "A minute without a request" << std::endl;
    }

    int silence = 0;  // seconds
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    PatientServer server({"127.0.0.1", port}, handler_class<CountingHandler>());
    server.timeout = std::chrono::seconds(1);  // so that keep_running() is asked now and then
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = 1; });
    std::cout << "Serving on " << server.url() << std::endl;
    while (keep_running()) server.handle_request();
    std::cout << "Done" << std::endl;
}
