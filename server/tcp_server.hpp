// Python's socketserver.TCPServer: a BaseServer with listening sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/api.hpp"
#include "server/base_server.hpp"
#include "server/listener.hpp"

namespace basehttp {

/// A socket that is listened on. The loops that accept from it share it; the last one closes it.
struct ListeningSocket {
    Fd socket;              ///< Bound.
    int role = 0;           ///< What a derived class takes it for.
    std::string name;       ///< The program's own; the server does not look at it.
    std::string unix_path;  ///< Of a socket file that was made here; empty: none.
};
/// In the order in which they were added.
using ListeningSockets = std::vector<std::shared_ptr<const ListeningSocket>>;

/// Listens on one address or more, TCP or unix sockets; what becomes of a connection, a derived
/// class says. Python's address_family and socket_type follow from the address here.
class BASEHTTP_API TCPServer : public BaseServer {
  public:
    /// Binds and listens at once unless told not to: then call server_bind() and
    /// server_activate() after setting what they use. Throws std::system_error.
    TCPServer(Address address, HandlerFactory handler, bool bind_and_activate = true);
    ~TCPServer() override;

    /// Binds server_address and puts there what was bound (the port, when it was 0).
    virtual void server_bind();
    void server_activate() override;
    /// Also removes the files of unix sockets that were bound here.
    void server_close() override;
    int fileno() const override;

    ///@{
    /// Serves one more address or bound socket too; the first one is the server's address. Before
    /// serving. Throws std::system_error.
    void add_address(const Address& address, int role = 0);
    void add_socket(Fd socket, int role = 0);
    ///@}
    /// What is listened on. Any thread.
    ListeningSockets sockets() const;
    /// A bound socket for replace_sockets(); `share_port` as bind_socket()'s. Throws
    /// std::system_error.
    std::shared_ptr<ListeningSocket> make_socket(const Address& address, int role = 0,
                                                 bool share_port = false) const;
    /// Listens on these from now on; what waits in a socket that is not among them is still taken.
    /// While serving, too, then not from a loop's thread: waits for the loops, and server_address
    /// stays. Throws std::system_error, and then nothing has changed.
    void replace_sockets(ListeningSockets next);
    /// Whether closing removes the files of unix sockets: not while another process has the
    /// sockets, too. Any thread.
    std::atomic<bool> owns_socket_files = true;
    /// Whether request_shutdown() closes the sockets, too, once the loops have taken who waits:
    /// then clients are refused at once and can turn to another server. Python's shutdown() leaves
    /// them open, so that serve_forever() can be called again. Before serving.
    bool closes_at_shutdown = false;
    /// Lets the kernel keep a TCP client until its first bytes are there, or for a second or so
    /// without any (TCP_DEFER_ACCEPT): one wake-up less for each. For sockets that are bound here,
    /// where clients speak first. Before binding.
    bool defer_accept = false;
    /// All addresses that are listened on.
    std::vector<Address> addresses() const;

  protected:
    void start_loop(std::size_t index) override;
    /// Stops accepting on this loop, when it has taken who waits. Loop thread; more than once does
    /// nothing.
    void drain_loop(std::size_t index) override;
    void make_loops() override;
    /// A connection for loop `index`, on its thread, to the listening socket number `listener`.
    virtual void take_connection(std::size_t index, const ListeningSocket& listener, Fd socket,
                                 Address client) = 0;
    /// Accepting on this loop has stopped for want of descriptors or memory. Loop thread.
    virtual void out_of_descriptors(std::size_t index);
    /// Whether one more may be accepted from that socket. No: its connections wait until
    /// retry_listening(). Loop thread.
    virtual bool has_room(std::size_t, const ListeningSocket&) { return true; }
    /// Stops accepting on this loop. Loop thread.
    void stop_listening(std::size_t index);
    /// Accepts again where descriptors or room had run out. Loop thread, once a tick and more.
    void retry_listening(std::size_t index);

  private:
    /// What one loop accepts from.
    struct Accepting {
        std::shared_ptr<const ListeningSocket> socket;
        std::unique_ptr<Listener> listener;
    };
    void add(std::shared_ptr<ListeningSocket> socket);
    void listen(const ListeningSocket& socket) const;
    void accept_from(std::size_t index, const ListeningSockets& sockets);

    mutable std::mutex sockets_mutex_;  // guards the next two
    ListeningSockets sockets_;
    ParentOnly parent_only_;                         // these
    std::vector<std::vector<Accepting>> listeners_;  // by loop, each that loop's
    std::vector<char> has_stopped_;                  // likewise: it was told to shut down
    std::atomic<std::size_t> stopped_loops_ = 0;
    std::atomic<std::int64_t> descriptors_logged_ = 0;  // monotonic microseconds
};

}  // namespace basehttp
