// Header fields, asked and sent: an answer with Last-Modified, and 304 to a client that has it
// already. At / it is done by hand, at /file by send_file(). Both show one file, whose path each
// handler is given as an argument.
//
//   Run:  headers [PORT [FILE]]    the program itself when no file is named
//   Try:  curl -i http://127.0.0.1:8000/
//         curl -i -H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' http://127.0.0.1:8000/
//         curl -O -r 0-99 http://127.0.0.1:8000/file
#include <sys/stat.h>

#include <basehttp/basehttp.hpp>
#include <iostream>

using namespace basehttp;

class HeaderHandler : public BaseHTTPRequestHandler {
  public:
    HeaderHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                  std::string file)
        : BaseHTTPRequestHandler(request_, client_address_, server_), file_(std::move(file)) {}

    void do_GET() override {
        if (path == "/file") return send_file(file_, "application/octet-stream", "file");
        struct stat status {};
        if (stat(file_.c_str(), &status) != 0) return send_error(404, "The file is gone");
        const std::time_t modified = status.st_mtime;
        const bool seen = headers.get_date("If-Modified-Since").value_or(-1) >= modified;
        const std::string text = file_ + " has " + std::to_string(status.st_size) + " bytes\n";

        send_response(seen ? 304 : 200);
        send_header("Last-Modified", date_time_string(modified));
        if (!seen) {
            send_header("Content-Type", "text/plain; charset=utf-8");
            send_header("Content-Length", text.size());
        }
        end_headers();
        wfile.write(text);  // dropped after a 304, which has no content
    }

  private:
    std::string file_;
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    const std::string file = argc > 2 ? argv[2] : argv[0];
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<HeaderHandler>(file));
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
