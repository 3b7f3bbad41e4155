// The first phase of a connection to a TLS port: the handshake, under its own deadline.
#pragma once

#include <memory>

#include "server/client.hpp"
#include "server/connection.hpp"
#include "server/fd.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {

class HttpLoop;
class TlsSession;

/// Owned by its HttpLoop, loop thread only. Python does this inside of accept(), where one silent
/// client stalls all others; here it costs them nothing, and a client that says nothing costs us
/// this object. When it is done an HttpConnection takes its place; so it does, for a clear answer,
/// when the client speaks plain HTTP.
class TlsHandshake final : public Connection {
  public:
    TlsHandshake(HttpLoop& loop, Fd socket, Client client, std::shared_ptr<const TlsSites> sites);
    ~TlsHandshake() override;

    void start() override;
    void on_event(std::uint32_t events) override;
    void check_deadline(std::chrono::microseconds now) override;
    void settings_changed() override;
    void drain() override { abort(); }
    void cut() override { abort(); }
    void abort() override;

  private:
    enum class Speech { none, tls, other, gone };
    Speech listen() const;
    void advance();
    void shake_hands();
    void go_on(std::unique_ptr<TlsSession> tls, bool plain);

    HttpLoop& loop_;
    Fd socket_;
    Client client_;
    std::shared_ptr<const TlsSites> sites_;
    std::unique_ptr<TlsSession> session_;  // from the first byte on
    std::chrono::microseconds deadline_{};
    bool over_ = false;
};

}  // namespace basehttp
