// Listening sockets: making them, taking them over, accepting from them.
#pragma once

#include <functional>
#include <vector>

#include "server/address.hpp"
#include "server/api.hpp"
#include "server/event_loop.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// A bound, not yet listening, non-blocking socket. An empty host binds every address, IPv6 and
/// IPv4 on one socket, or IPv4 alone where the machine has no IPv6. A stale unix socket file is
/// replaced. Throws std::system_error whose text names the address.
/// `share_port`: beside sockets of ours that share theirs, too (SO_REUSEPORT).
BASEHTTP_API Fd bind_socket(const Address& address, bool allow_reuse_address,
                            bool share_port = false);
/// Where a socket is bound.
BASEHTTP_API Address socket_address(int socket);
/// A listening socket that a service manager made.
struct InheritedSocket {
    Fd socket;         ///< For TCPServer::add_socket().
    std::string name;  ///< Of LISTEN_FDNAMES: FileDescriptorName= of the .socket unit.
};
/// The sockets that a service manager handed over (LISTEN_FDS, LISTEN_PID of sd_listen_fds(3));
/// empty when none are meant for this process. Clears the variables: call it once, before threads.
BASEHTTP_API std::vector<InheritedSocket> inherited_sockets();

/// Takes connections from one socket for one loop; several loops may share a socket.
/// Loop thread only. The socket must outlive it.
class BASEHTTP_API Listener final : public Watcher {
  public:
    /// Gets a connection, which does not block, and its client. Loop thread.
    using Take = std::function<void(Fd, Address)>;
    /// `out_of_descriptors` is told once when accepting stops for want of descriptors or memory;
    /// it goes on at the next retry().
    /// `has_room` is asked before each is accepted: no, and the rest waits for retry(), too.
    Listener(EventLoop& loop, int socket, Take take, std::function<void()> out_of_descriptors,
             std::function<bool()> has_room);
    ~Listener() override;
    void on_event(std::uint32_t events) override;
    void retry();  ///< Goes on accepting, if it had stopped.
    /// Takes who waits now, though nothing may be watched any more.
    void take_rest();

  private:
    void pause();
    bool accept_one();

    EventLoop& loop_;
    int socket_;
    Take take_;
    std::function<void()> out_of_descriptors_;
    std::function<bool()> has_room_;
    bool watching_ = false;
    int most_ = 1;  // to take at the next event
    int full_ = 0;  // events in a row that brought so many
};

}  // namespace basehttp
