// One request on its way through a handler, and the answer on its way back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/address.hpp"
#include "server/api.hpp"
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
    int code = 0;        ///< 0: not rejected.
    std::string reason;  ///< For the page and the log; our own words.
};

/// The status in the log of a request whose client left before an answer began. Never sent; nginx's
/// number.
constexpr int client_left = 499;

/// Owned by its connection, lent to one handler at a time. A handler sees a request whose body is
/// either whole or, the first time, still to come (body_complete off): then it may refuse or
/// expect_100, and leaves with wants_body to be called again when the body is there.
class BASEHTTP_API Request {
  public:
    /// `text` is the head as received; `head` points into some copy of it that begins at `from`.
    Request(std::string text, const RequestHead& head, const char* from, Address client);
    ~Request();
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Request line and fields. Its views live as long as the request.
    const RequestHead& head() const { return head_; }
    /// The other end of the connection, or whom a trusted proxy names (then port 0: not known).
    const Address& client_address() const { return client_address_; }
    Address server_address;              ///< Where the client reached us; empty host: not known.
    std::shared_ptr<const TlsInfo> tls;  ///< How the connection is protected; nullptr: plain HTTP.
    bool from_trusted_proxy = false;  ///< What its fields say of client and protocol is believed.
    bool https_at_proxy = false;      ///< A trusted proxy says that its client speaks https.
    /// What the client speaks.
    std::string_view scheme() const { return tls || https_at_proxy ? "https" : "http"; }
    /// Header fields that the answer gets because of its connection, X-Request-Id among them, each
    /// with CRLF.
    std::string connection_fields;

    Rejection rejection;        ///< Set by the server: the handler sends this error, nothing else.
    bool verified = false;      ///< verify_request has agreed; it is asked once a request.
    RequestBody body;           ///< What rfile reads.
    bool body_complete = true;  ///< Off: it is still to come, or will not be read.
    bool body_too_long_to_skip = false;  ///< The connection closes if the body is left unread.
    bool wants_body = false;             ///< Set by the handler: collect the body, call again.
    /// Set by the handler: call again after resume(), or when `turn_timeout` has passed, then with
    /// `turn_timed_out`. It may be called again without reason, and must then wait again.
    bool wants_turn = false;
    std::chrono::milliseconds turn_timeout{};  ///< Set with wants_turn.
    bool turn_timed_out = false;   ///< Set by the loop: resume() was not called in time.
    std::function<void()> resume;  ///< Any thread, also while the turn that waits is ending.
    /// Whether the handler is to be called again.
    bool wants_another_turn() const { return wants_body || wants_turn; }
    std::unique_ptr<BaseRequestHandler> parked;  ///< The handler that waits for its next turn.

    Outbox outbox;                  ///< Where the answer goes.
    bool close_connection = false;  ///< Set by the handler: no further request after this answer.
    bool cut_off =
        false;  ///< Set by the handler: the answer stays incomplete, the client must see.
    /// Set by the handler: work that the answer need not wait for. Runs once on the handler's
    /// thread, when this request may be gone; must not throw.
    std::function<void()> afterwards;

    /// Lets the loop give this answer again (see Replay). Ignored unless all of it was sent well.
    void offer(std::shared_ptr<const Replay> replay) { replay_ = std::move(replay); }
    /// nullptr: nothing. Loop thread.
    const std::shared_ptr<const Replay>& offered() const { return replay_; }

    // For the logs.
    std::string id;         ///< HttpSettings::request_id; empty: requests have none.
    bool id_given = false;  ///< A trusted proxy gave the id: it may come again.
    std::string site_tag;   ///< What marks the site's lines in the event log; empty: nothing.
    /// "[tag] (id x) ", what event lines about it begin with; without what it has not.
    std::string log_prefix() const;
    int status = 0;                       ///< Of the answer; 0: none yet.
    std::uint64_t body_bytes = 0;         ///< Of the answer's content, without framing.
    bool log_access = false;              ///< The handler wants the server's own access line.
    std::vector<LogField> log_fields;     ///< More to tell in that line.
    std::chrono::microseconds started{};  ///< When the head was there: Clock::monotonic().

    /// Ends the handler's turn; called once per turn by the server, on any thread.
    std::function<void()> on_finished;

  private:
    std::string text_;
    RequestHead head_;
    Address client_address_;
    std::shared_ptr<const Replay> replay_;
};

}  // namespace basehttp
