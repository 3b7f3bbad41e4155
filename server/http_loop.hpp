// What the connections of one event loop share: scratch memory, the response cache, the log.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/client.hpp"
#include "server/event_loop.hpp"
#include "server/exchange/response_cache.hpp"
#include "server/exchange/send_queue.hpp"
#include "server/http_settings.hpp"
#include "server/log/access_lines.hpp"

namespace basehttp {

class Connection;
class HttpConnection;
class HTTPServer;
class TlsSites;
enum class SocketRole : int;

/// Loop thread only. Owns the connections.
class HttpLoop {
  public:
    HttpLoop(EventLoop& event_loop, HTTPServer& http_server, std::function<void()> drained);
    ~HttpLoop();

    /// A new client of a socket for `role`.
    void add(Fd socket, Address address, SocketRole role);
    /// What a client of such a socket speaks first.
    std::unique_ptr<Connection> first_phase(Fd socket, Client client, SocketRole role);
    /// Counts a client's connection for its address. False: it has too many, and was told.
    bool admit(Client& client, int socket, SocketRole role);
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
    /// Runs work of a connection, or of its requests. What it throws, such as std::bad_alloc, ends
    /// this connection, not the loop.
    template <class Work>
    void guarded(Connection& connection, Work work) {
        try {
            work();
        } catch (const std::exception& error) {
            drop(connection, error);
        }
    }
    /// Calls advance() of the connection soon, if it still is this one.
    void resume_later(HttpConnection& connection);
    /// From now on with these; nothing of the cache is left.
    void reconfigure(const HttpSettings& next, std::shared_ptr<const TlsSites> next_tls);
    /// After that: a proxy that is none any more loses its word, also where a PROXY header named
    /// the client.
    void review_trust(Client& client, int socket) const;
    /// How often that was.
    unsigned generation() const { return generation_; }
    /// The next answer of each connection is its last; `drained` is called when all are gone. The
    /// rest is cut off after the shutdown timeout.
    void drain();
    bool draining() const { return draining_; }
    void tick();
    std::size_t size() const { return count_; }

    void log_access(AccessRecord record);
    void flush_log();

    EventLoop& loop;
    HTTPServer& server;
    HttpSettings settings;
    ResponseCache cache;
    RequestHead head;        ///< Scratch of the connection that is parsing.
    std::string output;      ///< Answers of the connection that is being served, not yet sent.
    IpText client_text{};    ///< Scratch of the connection that is being served: its client.
    std::string fields;      ///< Scratch: header fields that a connection adds.
    std::string request_id;  ///< Scratch: of the request that is being replayed.
    SendQueue queue;         ///< Scratch of the connection that is being served; else empty.
    std::unique_ptr<char[]> input;  ///< Scratch for reads, input_size bytes.
    /// Scratch for what goes into TLS records; empty on a server without TLS.
    std::span<char> records() const { return {records_.get(), records_ ? records_size : 0}; }

    std::uint64_t answered = 0;  ///< Requests.

    static constexpr std::size_t input_size = 64u << 10;
    static constexpr std::size_t records_size = 64u << 10;

  private:
    void put(std::unique_ptr<Connection> connection);
    void drop(Connection& connection, const std::exception& error) noexcept;
    void watch(Connection& connection);
    void free_later(std::unique_ptr<Connection> connection);
    void tell_when_drained();

    std::function<void()> drained_;
    std::unique_ptr<char[]> records_;
    std::vector<std::unique_ptr<Connection>> by_fd_;
    std::vector<std::unique_ptr<Connection>> removed_;
    std::size_t count_ = 0;
    bool draining_ = false;
    unsigned generation_ = 0;
    std::shared_ptr<const TlsSites> tls_;  // nullptr: plain HTTP everywhere
    std::chrono::microseconds cut_at_{};
    AccessLines access_lines_;
    std::chrono::microseconds log_flushed_{-1'000'000};
};

}  // namespace basehttp
