// Server-sent events (HTML Living Standard, section 9.2): an answer that goes on, event by event.
#pragma once

#include <chrono>
#include <string_view>

#include "handlers/base_http_request_handler.hpp"
#include "server/api.hpp"

namespace basehttp {

/// For a do_GET() that tells a browser's EventSource what happens, as long as the client listens:
///
///     EventStream events(*this);
///     while (events.open()) events.send(wait_for_news());
///
/// The handler's thread only, and not longer than the handler. Each stream holds one worker, so
/// leave some for other requests (max_workers); on a server without threads nothing is sent before
/// the handler ends. All that is sent goes out at once.
class BASEHTTP_API EventStream {
  public:
    /// Sends the header: 200, text/event-stream, no caching, no gathering in a proxy.
    explicit EventStream(BaseHTTPRequestHandler& handler);

    /// One event. `data` may have lines; `event` is its type ("message" when empty); a client that
    /// comes back names the last `id` in Last-Event-ID. Throws std::invalid_argument for CR, LF or
    /// NUL in `event` or `id`, and BrokenPipe when the client has gone, or wants no content (HEAD).
    void send(std::string_view data, std::string_view event = {}, std::string_view id = {});
    /// Nothing for the program at the other end, but it keeps a quiet connection alive through
    /// proxies: send one every 15 seconds or so. Throws BrokenPipe as send().
    void comment(std::string_view text = {});
    /// How long the client waits before it comes back after a lost connection.
    void retry(std::chrono::milliseconds delay);
    /// Whether there is a client to send to, and the server goes on. A client that just went may
    /// not be noticed before the next send.
    bool open();

  private:
    void write(std::string_view text);

    BaseHTTPRequestHandler& handler_;
};

}  // namespace basehttp
