// A client's HTTP/1 connection: an explicit state, moved on by readiness, deadlines and handlers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "server/client.hpp"
#include "server/connection.hpp"
#include "server/exchange/least_rate.hpp"
#include "server/exchange/request.hpp"
#include "server/exchange/response_cache.hpp"
#include "server/exchange/send_queue.hpp"
#include "server/http1/body_decoder.hpp"
#include "server/transport.hpp"

namespace basehttp {

class HttpLoop;

/// Owned by its HttpLoop, loop thread only. While it waits for a request it holds no buffer: reads
/// go to the loop's scratch memory, and only what a head lacks is kept.
///
///     reading_head ─ bad ──→ handling ─→ sending ─→ lingering ─→ closed
///       │ │ ↑                  ↑ │ ↑        │
///       │ └─│─ no body ────────┘ │ └────┐   └─ keep alive ─→ (skipping_body ─→) reading_head
///       │   └─ replayed          └─→ reading_body
class HttpConnection final : public Connection {
  public:
    /// What a client can get here.
    enum class Use : std::uint8_t {
        sites,         ///< what is asked for
        plain_on_tls,  ///< a 400: it speaks plain HTTP where TLS is spoken
        health         ///< /healthz and /readyz
    };
    HttpConnection(HttpLoop& loop, Transport transport, Client client, Use use = Use::sites);
    ~HttpConnection() override;

    void start() override;
    void on_event(std::uint32_t events) override;
    /// Goes on as far as possible without waiting.
    void advance();
    void check_deadline(std::chrono::microseconds now) override;
    void settings_changed() override;
    void drain() override;
    /// A handler that still waits for its turn refuses, else abort().
    void cut() override;
    void apologize() noexcept override;
    void abort() override;

  private:
    enum class State : std::uint8_t {
        reading_head,   ///< Between requests, or part of a head is there.
        reading_body,   ///< A parked handler waits for the body.
        skipping_body,  ///< The answer is out, the body was not wanted.
        handling,       ///< A handler has the request.
        sending,        ///< The answer is complete and on its way.
        lingering,      ///< Our side is closed; what the client still sends is dropped.
        closed
    };
    /// The loop's side of a request in progress.
    struct Exchange {
        Request request;
        BodyDecoder decoder;
        bool done = false;        ///< The handler ended its turn for good.
        bool waiting = false;     ///< The handler is parked until it is asked for another turn.
        bool turn_asked = false;  ///< It was asked while its last turn was still ending.
        bool probed = false;      ///< The client closed its side, and was asked for a sign of life.
        unsigned generation = 0;  ///< Of the settings with which it began.
        std::uint64_t sent = 0;   ///< Bytes, header and framing included.
        Exchange(std::string text, const RequestHead& head, const char* from, Address client)
            : request(std::move(text), head, from, std::move(client)),
              decoder(BodyDecoder::fixed(0, 0)) {}
    };

    // Reading; each returns false when it must wait.
    bool read_heads();
    bool read_body();
    bool linger();
    std::size_t serve(std::string_view text);
    long receive();
    bool has_had_its_share();
    void keep_unparsed(std::string_view text, std::size_t used);

    // Requests.
    HeadResult parse(std::string_view text) const;
    bool try_replay();
    bool try_health();
    static bool asks_health(const RequestHead& head);
    void send_content(const std::shared_ptr<const Replay>& replay, const ReplayOutput& out);
    Channel channel(const RequestHead& head) const;
    Address client_of(const RequestHead& head) const;
    std::string_view client_host_of(const RequestHead& head) const;
    std::string_view own_fields() const;
    bool name_request(const RequestHead& head, std::string& id) const;
    std::size_t begin_exchange(std::string_view head_text, std::string_view rest);
    void begin_rejected(std::string_view text, const HeadResult& bad);
    std::size_t feed_body(std::string_view input);
    void reject(int code, std::string reason);
    void connect_handler(Request& request);
    Address local_address() const;
    void dispatch();
    void handler_finished();
    void turn_asked();
    void next_turn();
    void probe_client();

    // The client's pace.
    void transfer_begins();
    void body_awaited();
    void body_came(long bytes);
    void answer_went_on(std::uint64_t bytes, SendStatus status);
    std::uint64_t unread_by_client() const;
    void check_pace(std::chrono::microseconds now);

    // Sending.
    bool send_output();
    bool flush_replays();
    bool finish_answer();
    bool send_failed(SendStatus status);
    void log_answer(char connection);
    bool next_request();
    void close_gracefully();
    void drop_output();
    void close();
    void set_deadline(std::chrono::milliseconds timeout);
    void begin_idling();

    HttpLoop& loop_;
    Transport transport_;
    State state_ = State::reading_head;
    bool head_begun_ = false;   ///< Part of a head is there; its deadline runs.
    bool unparsed_ = false;     ///< input_ may hold a whole head that was not looked at.
    bool close_after_ = false;  ///< No request after the answers that are being sent.
    bool resuming_ = false;     ///< resume_later() is under way.
    std::size_t received_ = 0;  ///< In this turn.
    bool rejected_ = false;     ///< What follows on the connection cannot be told apart.
    bool gone_ = false;         ///< The client is gone, a handler still has the request.
    const Use use_;
    std::chrono::microseconds deadline_{};  ///< 0: none
    std::chrono::microseconds idle_since_{};
    std::uint64_t lingered_ = 0;
    LeastRate rate_;           ///< Of the body that comes or the answer that goes.
    std::uint64_t sent_ = 0;   ///< Bytes that the socket took, ever.
    std::uint64_t taken_ = 0;  ///< Of these the client had taken at the last look, or all.
    std::string input_;        ///< Received, not yet used; empty between requests.
    SendQueue output_;
    std::unique_ptr<Exchange> exchange_;
    Client client_;
};

}  // namespace basehttp
