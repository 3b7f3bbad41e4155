// What a connection's bytes go through: a socket, plain or under TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/exchange/send_queue.hpp"
#include "server/fd.hpp"

namespace basehttp {

struct TlsInfo;
class TlsSession;

/// Loop thread only. Nothing here waits. Readiness is edge-triggered: after a receive() that leaves
/// readable() off, the next event tells of more.
class Transport {
  public:
    explicit Transport(Fd socket);
    /// After the handshake.
    Transport(Fd socket, std::unique_ptr<TlsSession> tls);
    Transport(Transport&&) noexcept;
    ~Transport();

    /// Reads into `out`. 0: the client has finished; -1: nothing there now; -2: it is gone.
    long receive(std::span<char> out);
    /// Whether receive() may bring something.
    bool readable() const { return readable_; }
    /// The socket had an event for reading or, under TLS, any.
    void set_readable();
    /// The client has sent its last byte, as far as is known.
    bool half_closed() const { return half_closed_; }
    void set_half_closed() { half_closed_ = true; }

    /// Sends what fits now; the number of bytes, 0 when none did, when the client is gone, and for
    /// more than a TLS record, which is a queue's business.
    std::size_t send(std::string_view bytes);
    /// As SendQueue::send. `scratch` is for TLS; unused on a plain socket.
    SendStatus send(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent);
    /// Whether TLS records wait for room in the socket: send(queue) goes on with them.
    bool unsent() const;
    /// The kernel may hold as much for this client as it thinks fit: fewer wake-ups for a fast one.
    void allow_much();
    /// Tells the client that nothing follows, before close() or, with `linger`, for now: the other
    /// direction stays open. More than once does nothing.
    void finish(bool linger);
    /// The close will be a reset: what was not sent is lost, and the client can tell.
    void reset_on_close();
    void close();

    int socket() const { return socket_.get(); }
    /// nullptr: plain.
    TlsSession* tls() const { return tls_.get(); }

  private:
    Fd socket_;
    std::unique_ptr<TlsSession> tls_;  // refers to the socket: destroyed first
    bool readable_ = false;
    bool half_closed_ = false;
};

}  // namespace basehttp
