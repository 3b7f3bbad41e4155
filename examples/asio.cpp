// Beside an application that has a Boost.Asio io_context of its own. The application's state (here
// a count of ticks) belongs to its thread alone: handlers ask that thread, so nothing is locked.
// Ends at Ctrl-C or SIGTERM, when running requests are answered.
//
//   Run:  asio [PORT]
//   Try:  curl http://127.0.0.1:8000/
#include <basehttp/basehttp.hpp>
#include <boost/asio.hpp>
#include <csignal>
#include <functional>
#include <future>
#include <iostream>
#include <thread>

using namespace basehttp;
namespace asio = boost::asio;

struct Application {
    asio::io_context io;
    asio::steady_timer timer{io};
    int ticks = 0;  // the thread of io

    void tick() {
        ++ticks;
        timer.expires_after(std::chrono::milliseconds(100));
        timer.async_wait([this](auto error) {
            if (!error) tick();
        });
    }
};

class TicksHandler : public BaseHTTPRequestHandler {
  public:
    TicksHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                 Application& application)
        : BaseHTTPRequestHandler(request_, client_address_, server_), application_(application) {}

    void do_GET() override {
        std::future<int> ticks = asio::post(
            application_.io, std::packaged_task<int()>([this] { return application_.ticks; }));
        send_text(200, "The application has ticked " + std::to_string(ticks.get()) + " times\n");
    }

  private:
    Application& application_;
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    Application application;
    ThreadingHTTPServer server({"127.0.0.1", port},
                               handler_class<TicksHandler>(std::ref(application)));

    // Not shutdown(), which waits for handlers, who may wait for this thread.
    asio::signal_set signals(application.io, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { server.request_shutdown(); });
    const std::jthread serving([&] {
        server.serve_forever();
        application.io.stop();
    });
    std::cout << "Serving on " << server.url() << std::endl;
    application.tick();
    application.io.run();
    std::cout << "Done" << std::endl;
}
