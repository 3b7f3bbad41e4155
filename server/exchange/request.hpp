// One request on its way through a handler, and the answer on its way back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/address.hpp"
#include "server/exchange/outbox.hpp"
#include "server/exchange/replay.hpp"
#include "server/exchange/request_body.hpp"
#include "server/http1/request_head.hpp"
#include "server/log/access_line.hpp"
#include "server/tls/tls_info.hpp"

namespace basehttp {

class BaseRequestHandler;

/// Why a request gets an error page instead of what it asked for.
struct Rejection {
    int code = 0;  ///< 0: not rejected.
    std::string reason;
};

/// The status in the log of a request whose client left before an answer began. Never sent; nginx's
/// number.
constexpr int client_left = 499;

/// Owned by its connection, lent to one handler at a time. A handler sees a request whose body is
/// either whole or, the first time, still to come (body_complete off): then it may refuse or
/// expect_100, and leaves with wants_body to be called again when the body is there.
class Request {
  public:
    /// `text` is the head as received; `head` points into some copy of it that begins at `from`.
    Request(std::string text, const RequestHead& head, const char* from, Address client);
    ~Request();
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    const RequestHead& head() const { return head_; }
    const Address& client_address() const { return client_address_; }
    Address server_address;              ///< Where the client reached us; empty host: not known.
    std::shared_ptr<const TlsInfo> tls;  ///< How the connection is protected; nullptr: plain HTTP.
    std::string_view scheme() const { return tls ? "https" : "http"; }
    /// Header fields that the answer gets because of its connection, each with CRLF.
    std::string_view connection_fields;

    Rejection rejection;
    bool verified = false;  ///< verify_request has agreed; it is asked once a request.
    RequestBody body;
    bool body_complete = true;
    bool body_too_long_to_skip = false;  ///< The connection closes if the body is left unread.
    bool wants_body = false;             ///< Set by the handler: collect the body, call again.
    /// Set by the handler: call again after resume(), or when `turn_timeout` has passed, then with
    /// `turn_timed_out`. It may be called again without reason, and must then wait again.
    bool wants_turn = false;
    std::chrono::milliseconds turn_timeout{};
    bool turn_timed_out = false;
    std::function<void()> resume;  ///< Any thread, also while the turn that waits is ending.
    bool wants_another_turn() const { return wants_body || wants_turn; }
    std::unique_ptr<BaseRequestHandler> parked;  ///< The handler that waits for its next turn.

    Outbox outbox;
    bool close_connection = false;  ///< Set by the handler: no further request after this answer.
    bool cut_off =
        false;  ///< Set by the handler: the answer stays incomplete, the client must see.
    /// Set by the handler: work that the answer need not wait for. Runs once on the handler's
    /// thread, when this request may be gone; must not throw.
    std::function<void()> afterwards;

    /// Lets the loop give this answer again (see Replay). Ignored unless all of it was sent well.
    void offer(std::shared_ptr<const Replay> replay) { replay_ = std::move(replay); }
    const std::shared_ptr<const Replay>& offered() const { return replay_; }

    // For the access log.
    int status = 0;
    std::uint64_t body_bytes = 0;
    bool log_access = false;           ///< The handler wants the server's own access line.
    std::vector<LogField> log_fields;  ///< More to tell in that line.
    std::chrono::microseconds started{};

    /// Ends the handler's turn; called once per turn by the server, on any thread.
    std::function<void()> on_finished;

  private:
    std::string text_;
    RequestHead head_;
    Address client_address_;
    std::shared_ptr<const Replay> replay_;
};

}  // namespace basehttp
