// What the connections of one event loop share: scratch memory, the response cache, the log.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/address.hpp"
#include "server/event_loop.hpp"
#include "server/exchange/response_cache.hpp"
#include "server/exchange/send_queue.hpp"
#include "server/http_settings.hpp"
#include "server/log/access_line.hpp"
#include "server/log/log.hpp"

namespace basehttp {

class Connection;
class HttpConnection;
class HTTPServer;
class TlsSites;

/// Loop thread only. Owns the connections.
class HttpLoop {
  public:
    HttpLoop(EventLoop& event_loop, HTTPServer& http_server, std::function<void()> drained);
    ~HttpLoop();

    void add(Fd socket, Address client);
    /// A client that is to speak TLS first.
    void add_tls(Fd socket, Address client, std::shared_ptr<const TlsSites> sites);
    /// The next phase of a connection takes over its socket and its slot.
    void replace(Connection& old, std::unique_ptr<Connection> next);
    /// No more events. Before the connection closes its socket.
    void unwatch(const Connection& connection);
    /// Takes the connection out at once; it is destroyed after the present event.
    void remove(Connection& connection);
    /// Whether `connection` is still the one of that slot.
    bool holds(int slot, const Connection& connection) const {
        const auto index = static_cast<std::size_t>(slot);
        return index < by_fd_.size() && by_fd_[index].get() == &connection;
    }
    /// Calls advance() of the connection soon, if it still is this one.
    void resume_later(HttpConnection& connection);
    /// No new requests; `drained` is called when the last connection is gone. The rest is cut off
    /// after the shutdown timeout.
    void drain();
    bool draining() const { return draining_; }
    void tick();
    std::size_t size() const { return count_; }

    void log_access(const AccessRecord& record);
    void flush_log();

    EventLoop& loop;
    HTTPServer& server;
    const HttpSettings& settings;
    ResponseCache cache;
    RequestHead head;    ///< Scratch of the connection that is parsing.
    std::string output;  ///< Answers of the connection that is being served, not yet sent.
    std::string fields;  ///< Scratch: header fields that a connection adds.
    SendQueue queue;     ///< Scratch of the connection that is being served; else empty.
    std::unique_ptr<char[]> input;  ///< Scratch for reads, input_size bytes.
    /// Scratch for what goes into TLS records; empty on a server without TLS.
    std::span<char> records() const { return {records_.get(), records_ ? records_size : 0}; }

    std::uint64_t answered = 0;  ///< Requests.

    static constexpr std::size_t input_size = 64u << 10;
    static constexpr std::size_t records_size = 64u << 10;

  private:
    void put(std::unique_ptr<Connection> connection);
    void watch(Connection& connection);
    void free_later(std::unique_ptr<Connection> connection);
    void tell_when_drained();

    std::function<void()> drained_;
    std::unique_ptr<char[]> records_;
    std::vector<std::unique_ptr<Connection>> by_fd_;
    std::vector<std::unique_ptr<Connection>> removed_;
    std::size_t count_ = 0;
    bool draining_ = false;
    std::chrono::microseconds cut_at_{};
    LogTime log_time_;
    std::string log_lines_;
    std::chrono::microseconds log_flushed_{-1'000'000};
};

}  // namespace basehttp
