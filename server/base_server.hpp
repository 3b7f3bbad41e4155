// Python's socketserver.BaseServer: the life of a server and of a request, without sockets.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "server/api.hpp"
#include "server/base_request_handler.hpp"
#include "server/event_loop.hpp"
#include "server/log/log.hpp"

namespace basehttp {

/// A server but for its sockets: when it serves, and what happens to a request. Its variables are
/// set before serving.
///
/// Methods for the caller: serve_forever(), handle_request(), shutdown(), server_close(), fileno().
///
/// Methods that may be overridden: server_activate(), verify_request(), process_request(),
/// finish_request(), shutdown_request(), handle_error(), handle_timeout(), service_actions().
///
/// Methods for derived classes: those that start and stop work on the loops.
///
/// Variables: server_address, RequestHandlerClass, timeout, request_queue_size,
/// allow_reuse_address.
class BASEHTTP_API BaseServer {
  public:
    /// Keeps the two; opens nothing.
    BaseServer(Address address, HandlerFactory handler);
    BaseServer(const BaseServer&) = delete;
    BaseServer& operator=(const BaseServer&) = delete;
    virtual ~BaseServer();

    /// Serves on this thread, and on further ones when there is more than one loop, until
    /// shutdown(). service_actions() is called every `poll_interval`, of milliseconds: nothing else
    /// waits for it. Throws std::system_error for want of descriptors.
    void serve_forever(Milliseconds poll_interval = default_poll_interval);
    static constexpr Milliseconds default_poll_interval{500};  ///< As Python's 0.5 seconds.
    /// Serves until one request is answered, or until `timeout` has passed: handle_timeout().
    void handle_request();
    /// Ends serve_forever(): no new connections, running requests are finished. Waits for the end,
    /// unless called from a handler. Before serve_forever() it makes that end at once. Any thread.
    virtual void shutdown();
    /// The same without waiting. Any thread.
    virtual void request_shutdown();
    /// Whether a thread is in serve_forever(). Any thread.
    bool is_serving();
    /// Since one of the two was called. Any thread.
    bool is_shutting_down() const { return shutdown_asked_; }
    /// Only work that no client waits for is left, and it is to end now. Any thread.
    bool is_closing() const { return closing_; }
    /// Closes the listening sockets.
    virtual void server_close() {}
    /// The first listening socket, or -1.
    virtual int fileno() const { return -1; }

    /// Begins to listen.
    virtual void server_activate() {}
    /// False denies the request: its connection is closed without an answer. On the loop's thread.
    virtual bool verify_request(Request& request, const Address& client_address);
    /// Takes care of a request whose head (and, if it asked for it, body) is there: here, on the
    /// loop's thread, by finish_request and shutdown_request. ThreadingMixIn replaces it.
    virtual void process_request(Request& request, const Address& client_address);
    /// Makes the handler and runs it.
    virtual void finish_request(Request& request, const Address& client_address);
    /// Ends the handler's turn and lets the loop send what is left; then runs what the handler left
    /// to be done afterwards.
    virtual void shutdown_request(Request& request);
    /// A handler threw: call within a catch block. Logs what was thrown.
    virtual void handle_error(Request& request, const Address& client_address);
    /// handle_request() saw no request in time.
    virtual void handle_timeout() {}
    /// Called on a loop's thread once all loops of a serve_forever() take connections. Before it.
    std::function<void()> on_serving;
    /// Called regularly by serve_forever, and while handle_request waits. On loop 0's thread.
    virtual void service_actions() {}
    ///@{
    /// A handler waits for something slow, such as a script, between these two; see
    /// BlockingSection. Any handler's thread.
    virtual void begin_blocking() {}
    virtual void end_blocking() {}  ///< As often as begin_blocking(), on the same thread.
    ///@}

    Address server_address;               ///< Where to listen; after server_bind() what was bound.
    HandlerFactory RequestHandlerClass;   ///< Makes a handler for each request.
    std::optional<Milliseconds> timeout;  ///< of handle_request(); none: waits for ever
    int request_queue_size = 1024;        ///< listen(2) backlog
    bool allow_reuse_address = true;      ///< SO_REUSEADDR, for server_bind()

    /// Where events and requests are logged; made on first use, to stderr in Python's format.
    Log& log();
    /// Another log, maybe one for several servers. Before serving.
    void set_log(std::shared_ptr<Log> log) { log_ = std::move(log); }

    /// In a catch block that ends a handler's turn: handle_error() and, if the client has got
    /// nothing yet, a short answer: 503 when memory, descriptors or room on a disk were wanting,
    /// else 500. Throws nothing. The handler's thread.
    void handle_failure(Request& request, const Address& client_address) noexcept;
    /// Runs a request through verify_request and process_request. Loop thread.
    void handle_request_noblock(Request& request);

    /// Runs `task` once on each loop's thread, with the number of the loop, and waits until all
    /// have; throws on what it threw. Without serving it runs none. Not from a loop's thread.
    void run_on_loops(const std::function<void(std::size_t)>& task);

  protected:
    std::vector<std::unique_ptr<EventLoop>> loops_;  ///< Each has a thread; loop 0 the caller's.
    /// Makes loops_ before the first use; at least one.
    virtual void make_loops();
    ///@{
    /// On the thread of loop `index`: begins and ends taking connections.
    virtual void start_loop(std::size_t index) = 0;
    virtual void drain_loop(std::size_t index) = 0;
    ///@}
    /// Called by a loop that has nothing left after drain_loop.
    virtual void loop_drained(std::size_t index) { loops_[index]->stop(); }
    std::atomic<bool> closing_ = false;  ///< See is_closing().
    /// How many requests loop 0 has answered. Loop 0's thread.
    virtual std::uint64_t answered() const = 0;

  private:
    void run_loop(std::size_t index);
    void begin_serving();
    void end_serving();

    std::shared_ptr<Log> log_;
    std::once_flag log_once_;
    std::mutex mutex_;  // guards serving_ and changes of shutdown_asked_
    std::condition_variable stopped_;
    bool serving_ = false;
    std::atomic<std::size_t> loops_to_start_ = 0;
    std::atomic<bool> shutdown_asked_ = false;
    bool loops_started_ = false;
    std::uint64_t handled_ = 0;  // by handle_request()
};

/// For a handler that waits: while it lives, the server runs other handlers with one more thread.
class BlockingSection {
  public:
    /// On the handler's thread, as the destructor. Holds no lock.
    explicit BlockingSection(BaseServer& server) : server_(server) { server_.begin_blocking(); }
    ~BlockingSection() { server_.end_blocking(); }
    BlockingSection(const BlockingSection&) = delete;
    BlockingSection& operator=(const BlockingSection&) = delete;

  private:
    BaseServer& server_;
};

}  // namespace basehttp
