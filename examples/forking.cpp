// A process for each request: what a handler changes is gone with its process, and a crash costs
// one answer, not the server.
//
//   Run:  forking [PORT]
//   Try:  curl http://127.0.0.1:8000/         which process answers
//         curl http://127.0.0.1:8000/crash    500, and the server goes on
#include <unistd.h>

#include <basehttp/basehttp.hpp>
#include <cstdlib>
#include <iostream>

using namespace basehttp;

static int answers = 0;

struct ForkedHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        if (path == "/crash") std::abort();
        ++answers;  // in this process only
        send_text(200, "Process " + std::to_string(getpid()) + ", forked by " +
                           std::to_string(getppid()) + ", answer " + std::to_string(answers) +
                           "\n");
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ForkingHTTPServer server({"127.0.0.1", port}, handler_class<ForkedHandler>());
    server.max_children = 10;  // more requests than that wait
    server.request_timeout = std::chrono::seconds(30);
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
