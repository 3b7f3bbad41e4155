// Python's socketserver.TCPServer: a BaseServer with listening sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/api.hpp"
#include "server/base_server.hpp"
#include "server/listener.hpp"

namespace basehttp {

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
    int fileno() const override { return sockets_.empty() ? -1 : sockets_.front().get(); }

    ///@{
    /// Serves one more address or bound socket too; the first one is the server's address. Before
    /// serving. Throws std::system_error.
    void add_address(const Address& address);
    void add_socket(Fd socket);
    ///@}
    /// Lets the kernel keep a TCP client until its first bytes are there, or for a second or so
    /// without any (TCP_DEFER_ACCEPT): one wake-up less for each. For sockets that are bound here,
    /// where clients speak first. Before binding.
    bool defer_accept = false;
    /// All addresses that are listened on.
    std::vector<Address> addresses() const;

  protected:
    void start_loop(std::size_t index) override;
    /// Stops accepting on this loop. Loop thread.
    void drain_loop(std::size_t index) override;
    void make_loops() override;
    /// A connection for loop `index`, on its thread, to the listening socket number `listener`.
    virtual void take_connection(std::size_t index, std::size_t listener, Fd socket,
                                 Address client) = 0;
    /// How many it listens on.
    std::size_t socket_count() const { return sockets_.size(); }
    /// Accepting on this loop has stopped for want of descriptors or memory. Loop thread.
    virtual void out_of_descriptors(std::size_t index);
    /// Stops accepting on this loop. Loop thread.
    void stop_listening(std::size_t index) { listeners_[index].clear(); }
    /// Accepts again where descriptors had run out. Loop thread, once a tick.
    void retry_listening(std::size_t index);

  private:
    std::vector<Fd> sockets_;
    ParentOnly parent_only_;                                         // these
    std::vector<std::string> unix_paths_;                            // that we made and remove
    std::vector<std::vector<std::unique_ptr<Listener>>> listeners_;  // by loop
    std::atomic<std::int64_t> descriptors_logged_ = 0;               // monotonic microseconds
};

}  // namespace basehttp
