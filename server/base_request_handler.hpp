// Python's socketserver.BaseRequestHandler: setup, handle, finish.
#pragma once

#include <functional>
#include <memory>

#include "server/api.hpp"
#include "server/exchange/request.hpp"

namespace basehttp {

class BaseServer;

/// Made for each request by the server's finish_request, which then calls setup(), handle() and
/// finish() (Python runs them in the constructor; C++ cannot call a derived class from there).
/// One thread at a time: a worker, or the loop for servers without threads.
class BASEHTTP_API BaseRequestHandler {
  public:
    /// Keeps the three references; all outlive the handler.
    BaseRequestHandler(Request& request_, const Address& client_address_, BaseServer& server_)
        : request(request_), client_address(client_address_), server(server_) {}
    BaseRequestHandler(const BaseRequestHandler&) = delete;
    BaseRequestHandler& operator=(const BaseRequestHandler&) = delete;
    virtual ~BaseRequestHandler() = default;

    /// Before handle(); does nothing by default.
    virtual void setup() {}
    /// Does the work. What it throws ends this request only and goes to server.handle_error.
    virtual void handle() = 0;
    /// After handle() unless setup() threw; does nothing by default.
    virtual void finish() {}

    Request& request;               ///< In Python the socket; here a whole request.
    const Address& client_address;  ///< Of the socket: behind a proxy, the proxy's.
    BaseServer& server;             ///< Its log, its settings; shared with other threads.
};

/// Python passes a class; C++ passes what makes an object of it. Called on the handler's thread.
using HandlerFactory = std::function<std::unique_ptr<BaseRequestHandler>(
    Request&, const Address& client_address, BaseServer&)>;

/// The factory for a handler class with the usual constructor; further arguments are copied and
/// given to each handler.
template <class Handler, class... Arguments>
HandlerFactory handler_class(Arguments... arguments) {
    return [arguments...](Request& request, const Address& client_address, BaseServer& server) {
        return std::make_unique<Handler>(request, client_address, server, arguments...);
    };
}

}  // namespace basehttp
