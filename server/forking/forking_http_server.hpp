// Python's ForkingMixIn, and the servers that it makes.
#pragma once

#include <atomic>

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
  public:
    using Server::Server;

    /// Processes that run now. Any thread.
    std::size_t active_children() const { return children_.active(); }
    /// Acts on request_timeout. With `blocking` it ends serving, as shutdown() does, and waits
    /// until there are no children: server_close() needs it. Then not from a method that the loop
    /// calls.
    virtual void collect_children(bool blocking = false) {
        if (!blocking) return children_.collect();
        collecting_ = true;
        if (this->is_serving()) this->shutdown();
        if (!children_.empty()) {
            this->request_shutdown();
            this->serve_forever();
        }
        collecting_ = false;
    }

    void process_request(Request& request, const Address&) override {
        children_.process(*this->loops_.front(), request);
    }
    void service_actions() override {
        Server::service_actions();
        collect_children();
    }
    void handle_timeout() override { collect_children(); }
    void server_close() override {
        if (block_on_close) collect_children(true);
        Server::server_close();
    }
    void request_shutdown() override {
        if (!children_.pass_on_shutdown()) Server::request_shutdown();
    }

  protected:
    void make_loops() override {
        this->settings.loops = 1;  // a fork would copy the other loops in the middle of their work
        Server::make_loops();
    }
    void loop_drained(std::size_t index) override {
        if (!block_on_close && !collecting_) return Server::loop_drained(index);
        children_.limit_all(this->loops_[index]->now() + this->settings.shutdown_timeout);
        children_.when_empty([this, index] { Server::loop_drained(index); });
    }

  private:
    Children children_{*this, *this};
    std::atomic<bool> collecting_ = false;
};

class ForkingHTTPServer : public ForkingMixIn<HTTPServer> {
  public:
    using ForkingMixIn<HTTPServer>::ForkingMixIn;
};

class ForkingHTTPSServer : public ForkingMixIn<HTTPSServer> {
  public:
    using ForkingMixIn<HTTPSServer>::ForkingMixIn;
};

}  // namespace basehttp
