// Python's ForkingMixIn, and the servers that it makes.
#pragma once

#include <atomic>
#include <utility>

#include "server/api.hpp"
#include "server/forking/children.hpp"
#include "server/http_server.hpp"
#include "server/https_server.hpp"

namespace basehttp {

/// Answers each request in a process of its own, so that a handler that crashes costs that request
/// only: it gets a 500. For servers derived from HTTPServer, without threads; docs/forking.md says
/// what else goes together and what does not.
///
/// Connections, TLS, request bodies and logs stay with the parent, on one event loop. The child has
/// a copy of all the program's memory, and what it changes there is gone with it; but what it logs
/// and server.shutdown() reach the parent. verify_request() and service_actions() run in the
/// parent, finish_request() and handle_error() in the child, shutdown_request() in both.
template <class Server>
class ForkingMixIn : public Server, public ForkingOptions {
    static_assert(
        !requires(Server & server) { server.max_workers; },
        "ForkingMixIn needs a server without threads");

  public:
    using Server::Server;

    /// Processes that run now. Any thread.
    std::size_t active_children() const { return children_.active(); }
    /// Acts on request_timeout, as the loop does once a second. With `blocking` it ends serving, as
    /// shutdown() does, and waits until there are no children: server_close() needs it. Then not
    /// from a method that the loop calls.
    virtual void collect_children(bool blocking = false) {
        if (children_.is_child()) return;
        if (!blocking) return children_.collect();
        collecting_ = true;
        if (this->is_serving()) this->shutdown();
        if (!children_.empty()) {
            this->request_shutdown();
            this->serve_forever();
        }
        collecting_ = false;
    }

    /// Forks a child for the request, which then gets the server's usual treatment there. The
    /// loop's thread.
    void process_request(Request& request, const Address&) override {
        children_.process(*this->loops_.front(), request);
    }
    /// Also collects children, as handle_timeout(). The loop's thread.
    void service_actions() override {
        Server::service_actions();
        collect_children();
    }
    /// Collects children.
    void handle_timeout() override { collect_children(); }
    /// Waits for the children first, if block_on_close is set. In a child it does nothing: the
    /// sockets are the parent's.
    void server_close() override {
        if (children_.is_child()) return;
        if (block_on_close) collect_children(true);
        Server::server_close();
    }
    /// In a child it tells the parent. Any thread.
    void request_shutdown() override {
        children_.pass_on_shutdown();
        Server::request_shutdown();  // in a child this is for is_shutting_down()
    }
    /// Nothing: a child that waits holds up nobody. Final, so that ThreadingMixIn around this class
    /// does not compile: children would be copies of one thread, with the locks of the others.
    void begin_blocking() final {}
    void end_blocking() final {}  ///< Nothing, as begin_blocking().

  protected:
    /// One, whatever the settings say.
    void make_loops() override {
        this->settings.loops = 1;  // a fork would copy the other loops in the middle of their work
        Server::make_loops();
    }
    /// Deadlines of children need no service_actions().
    void start_loop(std::size_t index) override {
        Server::start_loop(index);
        EventLoop& loop = *this->loops_[index];
        loop.on_tick = [this, tick = std::move(loop.on_tick)] {
            if (tick) tick();
            children_.collect();
        };
        // In a child this only sets what is_shutting_down() reads: no loop runs there.
        children_.on_shutdown_in_child = [this] { Server::request_shutdown(); };
    }
    /// The children learn of it too.
    void drain_loop(std::size_t index) override {
        Server::drain_loop(index);
        children_.tell_shutdown();
    }
    /// Waits for the children first, if block_on_close is set, as long as shutdown_timeout.
    void loop_drained(std::size_t index) override {
        if (!block_on_close && !collecting_) return Server::loop_drained(index);
        children_.limit_all(this->loops_[index]->now() + this->settings.shutdown_timeout);
        children_.when_empty([this, index] { Server::loop_drained(index); });
    }

  private:
    Children children_{*this, *this};
    std::atomic<bool> collecting_ = false;
};

class BASEHTTP_API ForkingHTTPServer : public ForkingMixIn<HTTPServer> {
  public:
    using ForkingMixIn<HTTPServer>::ForkingMixIn;
};

class BASEHTTP_API ForkingHTTPSServer : public ForkingMixIn<HTTPSServer> {
  public:
    using ForkingMixIn<HTTPSServer>::ForkingMixIn;
};

}  // namespace basehttp
