// Answers that go on: events for a browser's EventSource, and text that comes piece by piece.
// What is flushed arrives at once; who leaves ends the handler by BrokenPipe, which is no error.
//
//   Run:  streaming [PORT]
//   Try:  curl -N http://127.0.0.1:8000/events     until Ctrl-C
//         curl -N http://127.0.0.1:8000/count      chunks; or a browser at /
#include <basehttp/basehttp.hpp>
#include <iostream>
#include <thread>

using namespace basehttp;

static constexpr std::string_view page = R"(<!DOCTYPE html><title>Events</title>
<h1>No news</h1>
<script>
new EventSource("events").onmessage = (event) =>
    document.querySelector("h1").textContent = event.data;
</script>
)";

static void wait_for_news() { std::this_thread::sleep_for(std::chrono::milliseconds(300)); }

struct StreamingHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override {
        if (path == "/events") return send_events();
        if (path == "/count") return send_count();
        send_text(200, page, "text/html; charset=utf-8");
    }

    void send_events() {
        EventStream events(*this);
        events.retry(std::chrono::seconds(2));
        for (int n = 1; events.open() && !server.is_shutting_down(); ++n) {
            events.send("News number " + std::to_string(n), "", std::to_string(n));
            wait_for_news();
        }
    }

    void send_count() {
        send_response(200);
        send_header("Content-Type", "text/plain; charset=utf-8");
        end_headers();  // no length is known: chunks
        for (const std::string_view word : {"one", "two", "three"}) {
            wfile.write(word);
            wfile.write("\n");
            wfile.flush();
            wait_for_news();
        }
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<StreamingHandler>());
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
