#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "handlers/base_http_request_handler.hpp"

namespace basehttp {

/// A handler whose do_X() of every known method is one function of the test.
class FunctionHandler : public BaseHTTPRequestHandler {
  public:
    using Function = std::function<void(FunctionHandler&)>;

    FunctionHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                    Function function)
        : BaseHTTPRequestHandler(request_, client_address_, server_),
          function_(std::move(function)) {}

    void do_GET() override { function_(*this); }
    void do_HEAD() override { function_(*this); }
    void do_POST() override { function_(*this); }
    void do_PUT() override { function_(*this); }

    /// A whole answer: 200, text, with its length.
    void answer(std::string_view text) {
        send_response(200);
        send_header("Content-Type", "text/plain");
        send_header("Content-Length", text.size());
        end_headers();
        wfile.write(text);
    }

    using BaseHTTPRequestHandler::add_method;
    using BaseHTTPRequestHandler::headers_sent;

  private:
    Function function_;
};

inline HandlerFactory function_handler(FunctionHandler::Function function) {
    return handler_class<FunctionHandler>(std::move(function));
}

/// Answers every request with its method, path and body.
inline HandlerFactory echo_handler() {
    return function_handler([](FunctionHandler& h) {
        h.answer(std::string(h.command) + " " + h.path + " [" + h.rfile.read() + "]");
    });
}

}  // namespace basehttp
