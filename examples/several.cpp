// Two servers in one process: files of this directory for everybody, and one on a unix socket, for
// who may open it, that ends both.
//
//   Run:  several [PORT [SOCKET]]    SOCKET: a path, default /tmp/several.sock
//   Try:  curl http://127.0.0.1:8000/
//         curl --unix-socket /tmp/several.sock -X POST http://x/stop
#include <basehttp/basehttp.hpp>
#include <functional>
#include <iostream>
#include <thread>

using namespace basehttp;

class AdminHandler : public BaseHTTPRequestHandler {
  public:
    AdminHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                 BaseServer& files)
        : BaseHTTPRequestHandler(request_, client_address_, server_), files_(files) {}

    void do_POST() override {
        if (path != "/stop") return send_error(404);
        send_text(200, "Good bye\n");  // this answer is still sent
        files_.shutdown();
        server.shutdown();
    }

  private:
    BaseServer& files_;
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    const std::string socket = argc > 2 ? argv[2] : "/tmp/several.sock";
    ThreadingHTTPServer files({"127.0.0.1", port},
                              handler_class<SimpleHTTPRequestHandler>(make_site(".")));
    HTTPServer admin({"unix:" + socket}, handler_class<AdminHandler>(std::ref(files)));
    std::cout << "Serving on " << files.url() << std::endl;

    const std::jthread serving([&] { files.serve_forever(); });
    admin.serve_forever();
    admin.server_close();  // removes the file of its socket
}
