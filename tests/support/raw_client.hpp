// A client that sends bytes and receives bytes, for what no good client would do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/test_tls_stream.hpp"

namespace basehttp {

/// One connection to 127.0.0.1, in the transport that the tests speak now: over TLS, its handshake
/// is done when it is made. A wait longer than ClientStream::patience throws std::runtime_error.
class RawClient {
  public:
    /// `receive_buffer`: bytes that the kernel holds for us, about; 0: its own choice.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);
    /// TLS, whatever the tests speak.
    RawClient(std::uint16_t port, const TlsClientOptions& tls, int receive_buffer = 0);
    /// Sends `greeting` before anything else, TLS too.
    static RawClient greeting(std::uint16_t port, std::string_view greeting);
    /// No TLS, whatever the tests speak.
    static RawClient plain(std::uint16_t port);

    /// Sends everything. False: the server has cut the connection.
    bool send(std::string_view text) { return stream_.send(text); }
    /// Sends as much as fits now; the number of bytes.
    std::size_t send_some(std::string_view text) { return stream_.send_some(text); }

    /// Exactly `size` bytes. Throws when the connection ends before.
    std::string receive(std::size_t size);
    /// Up to and with `end`.
    std::string receive_until(std::string_view end);
    /// Everything until the server ends or cuts the connection.
    std::string receive_all();
    /// Whether the connection ended without a byte. Waits for the end.
    bool ends() { return receive_all().empty(); }
    /// Whether something (or the end) can be read at this moment.
    bool something_there() { return !input_.empty() || stream_.readable(); }
    /// Whether receive_all() saw a reset (over TLS: or an end without close_notify) instead of an
    /// orderly end.
    bool was_reset() const { return stream_.was_cut(); }
    bool ended_cleanly() const { return stream_.ended_cleanly(); }

    void half_close() { stream_.half_close(); }  ///< No more bytes; the answer can still come.
    void cut() { stream_.cut(); }                ///< Closes with a reset.

    ClientStream& stream() { return stream_; }

  private:
    explicit RawClient(ClientStream stream) : stream_(std::move(stream)) {}
    void fill();

    ClientStream stream_;
    std::string input_;
};

/// All that the server at `port` answers to `text`; our side stays open until it closes.
std::string exchange(std::uint16_t port, std::string_view text);

}  // namespace basehttp
