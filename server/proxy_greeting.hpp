// The first phase of a connection from a proxy that speaks the PROXY protocol: its header.
#pragma once

#include <chrono>

#include "server/client.hpp"
#include "server/connection.hpp"
#include "server/fd.hpp"

namespace basehttp {

class HttpLoop;
enum class SocketRole : int;
struct ProxyHeader;

/// Owned by its HttpLoop, loop thread only. The header stays in the socket until all of it is
/// there; then the next phase, TLS or HTTP, has the client that the header names.
class ProxyGreeting final : public Connection {
  public:
    ProxyGreeting(HttpLoop& loop, Fd socket, Client proxy, SocketRole role);

    void start() override;
    void on_event(std::uint32_t events) override;
    void check_deadline(std::chrono::microseconds now) override;
    void settings_changed() override;
    void drain() override { abort(); }
    void cut() override { abort(); }
    void abort() override;

  private:
    void advance();
    void go_on(const ProxyHeader& header);
    void refuse(const char* reason);

    HttpLoop& loop_;
    Fd socket_;
    Client client_;
    const SocketRole role_;
    std::chrono::microseconds deadline_{};
    bool over_ = false;
};

}  // namespace basehttp
