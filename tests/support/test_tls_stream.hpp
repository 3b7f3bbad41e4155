// The bytes of a test's client: a connected socket, plain or under TLS.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "server/fd.hpp"
#include "tests/support/test_tls.hpp"

namespace basehttp {

/// Waits of more than `patience` seconds throw std::runtime_error. One thread. Under TLS, what is
/// sent is encrypted into a buffer of ours: what the kernel does not take goes out before the next.
class ClientStream {
  public:
    static constexpr int patience = 30;  ///< seconds

    explicit ClientStream(Fd socket);
    /// Makes the handshake; throws std::runtime_error with the alert's text when it fails.
    ClientStream(Fd socket, const TlsClientOptions& options);
    /// What tests speak now: TLS for localhost, or plain.
    static ClientStream of_test_transport(Fd socket);

    ClientStream(ClientStream&&) = default;
    ClientStream& operator=(ClientStream&&) = default;
    /// Ends in order, as close() of a plain socket does: close_notify, and a reset when there is
    /// something that we did not read.
    ~ClientStream();

    /// Sends everything. False: the server has cut the connection.
    bool send(std::string_view text);
    /// Sends as much as fits now; the number of bytes.
    std::size_t send_some(std::string_view text);
    /// Waits for bytes and appends them. False at the end.
    bool receive(std::string& input);
    /// Whether a byte for us, or the end, is there at this moment.
    bool readable();
    /// The server ended in order: by its close_notify under TLS, else by its FIN.
    bool ended_cleanly() const { return state_ == State::ended; }
    /// It was cut: a reset or, under TLS, any end without close_notify.
    bool was_cut() const { return state_ == State::cut; }
    /// Why TLS ended it, such as "tlsv13 alert certificate required"; "" if it did not.
    const std::string& tls_error() const { return tls_error_; }

    void half_close();  ///< No more bytes from us: close_notify, and our side of the socket.
    void cut();         ///< Closes with a reset.
    void truncate();    ///< Closes in order, but without close_notify.

    int fd() const { return socket_.get(); }
    ssl_st* ssl() const { return ssl_.get(); }  ///< nullptr: plain.
    /// To resume later; after an answer, since TLS 1.3 sends it late.
    TlsSession session() const;

  private:
    enum class State { open, ended, cut };

    void handshake(bool byte_by_byte);
    std::size_t read_now(char* bytes, std::size_t size, bool peek);
    bool fetch();
    bool flush();
    bool flush_all();
    std::size_t push(std::string_view text);
    void wait(short events) const;
    void end(State state) {
        if (state_ == State::open) state_ = state;
    }

    Fd socket_;
    std::unique_ptr<ssl_st, SslFree> ssl_;
    std::string output_;  ///< encrypted, not yet sent
    State state_ = State::open;
    std::string tls_error_;
};

}  // namespace basehttp
