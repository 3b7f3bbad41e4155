// Threads: requests that come together are answered together, each on a worker of the pool. An
// answer names its worker. With HTTPServer instead, each would wait for those before it.
//
//   Run:  threads [PORT]
//   Try:  curl -Z 'http://127.0.0.1:8000/[1-4]'    four at a time: done in one second
#include <pthread.h>

#include <array>
#include <basehttp/basehttp.hpp>
#include <iostream>
#include <thread>

using namespace basehttp;

static std::string thread_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

struct SlowHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        std::this_thread::sleep_for(std::chrono::seconds(1));  // for a database, say
        send_text(200, path + " was answered by " + thread_name() + "\n");
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<SlowHandler>());
    server.max_workers = 4;  // they are started when they are needed
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
