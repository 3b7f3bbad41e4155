// Python's HTTPServer and ThreadingHTTPServer.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/api.hpp"
#include "server/connection_limits.hpp"
#include "server/exchange/cache_counters.hpp"
#include "server/http_settings.hpp"
#include "server/log/once_a_minute.hpp"
#include "server/tcp_server.hpp"
#include "server/worker_pool.hpp"

namespace basehttp {

class HttpLoop;
class TlsSites;

/// What a socket is for: ListeningSocket::role.
enum class SocketRole : int {
    standard,  ///< TLS where the server has certificates, else plain HTTP
    plain,     ///< plain HTTP whatever the others speak
    health     ///< plain HTTP, only /healthz and /readyz
};

/// Runs handlers one after the other on its own thread: a handler that waits holds up everybody,
/// and its answer is sent only when it returns. Use ThreadingHTTPServer for anything but quick
/// handlers.
class BASEHTTP_API HTTPServer : public TCPServer {
  public:
    /// As TCPServer's.
    HTTPServer(Address address, HandlerFactory handler, bool bind_and_activate = true);
    ~HTTPServer() override;

    void server_bind() override;
    void server_activate() override;
    /// Of socket number `listener`, in the order of addresses(): "http://127.0.0.1:8000/",
    /// "https://localhost:8443/"; localhost for a socket on all addresses. A unix socket has none:
    /// "unix:/path".
    std::string url(std::size_t listener = 0) const;

    std::string server_name;                ///< The host that was bound, or this machine's name.
    std::uint16_t server_port = 0;          ///< The port that was bound.
    HttpSettings settings;                  ///< To be set before serving; then reconfigure().
    const Clock* clock = &Clock::system();  ///< To be set before serving.
    /// Certificates: all sockets speak TLS but those added as plain ones. nullptr: none does. To be
    /// set before serving; HTTPSServer does it.
    std::shared_ptr<const TlsSites> tls;

    /// Puts these in place of `settings` and `tls` while serving: for new requests and new
    /// connections; what the loops had cached is dropped. Not from a loop's thread, one at a time.
    void reconfigure(HttpSettings next, std::shared_ptr<const TlsSites> next_tls);
    ConnectionLimits connection_limits;  ///< By `settings`.
    /// For log lines that clients cause, one for each kind.
    struct Notices {
        ///@{
        /// Of one kind.
        OnceAMinute full, per_address, proxy_header, slow, dropped;
        ///@}
    };
    Notices notices;  ///< Shared by all loops.
    /// How long the loop that was quiet longest has not gone round; they do once a second. Any
    /// thread.
    std::chrono::microseconds longest_silence() const;
    /// At shutdown, requests may take as long as they like instead of settings.shutdown_timeout.
    /// Any thread; a second request_shutdown() begins to count anew.
    std::atomic<bool> patient = false;
    /// What /readyz says: on is 200, off 503. Any thread.
    std::atomic<bool> ready = true;

    ///@{
    /// Serves one more address or socket too, in plain HTTP whatever the others speak. Before
    /// serving. Throws std::system_error.
    void add_plain_address(const Address& address);
    void add_plain_socket(Fd socket);
    ///@}
    /// The port of the first socket that speaks TLS; 0: none does.
    std::uint16_t tls_port() const;
    /// Whether socket number `listener`, in the order of addresses(), speaks plain HTTP.
    bool is_plain(std::size_t listener) const;

    /// How well the answers that the loops keep have served, all loops together. While none runs:
    /// after serve_forever().
    CacheCounters cache_counters() const;

    /// Whether the loop may replay answers without asking this server's hooks. Only for classes
    /// whose hooks are known: a derived class has to say so itself.
    virtual bool may_replay() const;

  protected:
    void make_loops() override;
    void start_loop(std::size_t index) override;
    /// Connections idle for a second are closed, requests finished, within
    /// settings.shutdown_timeout; the next answer of the others is their last.
    void drain_loop(std::size_t index) override;
    void take_connection(std::size_t index, const ListeningSocket& listener, Fd socket,
                         Address client) override;
    std::uint64_t answered() const override;
    void out_of_descriptors(std::size_t index) override;
    bool has_room(std::size_t index, const ListeningSocket& listener) override;

  private:
    void name_server();
    bool speaks_tls() const;
    void bound_cache(HttpSettings& bounded) const;
    std::vector<std::unique_ptr<HttpLoop>> http_loops_;
    /// When each loop last went round, in microseconds of `clock`; an ended one: the end of time.
    std::vector<std::atomic<std::int64_t>> rounds_;
    std::atomic<std::uint16_t> last_tls_port_ = 0;  // for the time after the sockets are closed
    std::atomic<bool> speaks_tls_ = false;          // what `tls` says; from make_loops() on
    std::atomic<bool> has_begun_ = false;           // make_loops() was there
    std::mutex settings_mutex_;  // of settings and tls, between reconfigure() and a loop's start
};

/// Python's ThreadingMixIn: ready requests go onto a pool of threads instead of a thread each.
template <class Server>
class ThreadingMixIn : public Server {
  public:
    using Server::Server;
    ~ThreadingMixIn() override { join(); }

    unsigned max_workers = 16;       ///< Threads, started when needed. Set before serving.
    std::size_t max_waiting = 1024;  ///< Requests that may wait for a thread; more get 503.

    /// Puts the request before a thread; 503 when max_waiting are there already. Loop thread.
    void process_request(Request& request, const Address& client_address) override {
        if (pool().run([this, &request, &client_address] {
                process_request_thread(request, client_address);
            }))
            return;
        if (!pool().has_threads()) tell_of_no_threads();
        request.rejection = {503, "The server is busy"};
        request.parked.reset();
        request.wants_body = request.wants_turn = false;
        Server::process_request(request, client_address);
    }

    /// On a worker thread: as process_request of the server without threads.
    virtual void process_request_thread(Request& request, const Address& client_address) {
        request.outbox.may_wait = true;
        if (request.outbox.cancelled()) return this->shutdown_request(request);
        try {
            this->finish_request(request, client_address);
        } catch (...) {
            this->handle_failure(request, client_address);
        }
        this->shutdown_request(request);
    }

    /// Other bounds than max_workers and max_waiting. Threads that are too many end their request
    /// first. Any thread.
    void resize_pool(unsigned workers, std::size_t waiting) { pool().resize(workers, waiting); }

    /// Also waits until no handler runs.
    void server_close() override {
        Server::server_close();
        join();
    }

    /// Until end_blocking() one more thread may run than max_workers. A handler's thread.
    void begin_blocking() override { pool().begin_blocking(); }
    void end_blocking() override { pool().end_blocking(); }  ///< On the same thread.

  protected:
    /// The pool's first thread, too.
    void make_loops() override {
        pool();
        Server::make_loops();
    }

  private:
    void tell_of_no_threads() {
        if (no_threads_(this->loops_.front()->now()))
            this->log().write(LogLevel::error,
                              "No thread can be had for requests: they are answered 503. Raise "
                              "TasksMax (ulimit -u, the container's pids) or the memory limit");
    }
    void join() {
        this->closing_ = true;
        if (pool_) pool_->join();
    }
    WorkerPool& pool() {
        std::call_once(once_,
                       [this] { pool_ = std::make_unique<WorkerPool>(max_workers, max_waiting); });
        return *pool_;
    }
    std::once_flag once_;
    std::unique_ptr<WorkerPool> pool_;
    OnceAMinute no_threads_;
};

/// HTTPServer with a pool of threads for the handlers: the one to use, unless there is a reason.
class BASEHTTP_API ThreadingHTTPServer : public ThreadingMixIn<HTTPServer> {
  public:
    using ThreadingMixIn<HTTPServer>::ThreadingMixIn;
    bool may_replay() const override;
};

}  // namespace basehttp
