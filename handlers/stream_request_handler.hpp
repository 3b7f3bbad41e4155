// Python's socketserver.StreamRequestHandler: a request as two files.
#pragma once

#include "handlers/response_writer.hpp"
#include "server/api.hpp"
#include "server/base_request_handler.hpp"

namespace basehttp {

/// Derive and override handle() to answer a request by writing bytes, status line and all. One
/// thread at a time. Python's rbufsize, wbufsize, timeout and disable_nagle_algorithm are about the
/// socket, which belongs to a loop here: see HttpSettings.
class BASEHTTP_API StreamRequestHandler : public BaseRequestHandler {
  public:
    /// Opens both files on the request; nothing is read or sent.
    StreamRequestHandler(Request& request_, const Address& client_address_, BaseServer& server_)
        : BaseRequestHandler(request_, client_address_, server_),
          rfile(request_.body),
          wfile(request_.outbox) {}

    /// Hands over what was written and not flushed. The loop sends it, and closes the connection
    /// when nobody can tell where the answer ends.
    void finish() override {
        if (!request.outbox.cancelled() && !wfile.end()) request.close_connection = true;
    }

    RequestBody& rfile;    ///< The content of the request.
    ResponseWriter wfile;  ///< The answer; for BaseHTTPRequestHandler its content.
};

}  // namespace basehttp
