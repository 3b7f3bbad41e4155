// The children of a forking server, and the requests that wait for one.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "server/api.hpp"
#include "server/base_server.hpp"
#include "server/forking/forked_request.hpp"

namespace basehttp {

class ChildSide;

/// To be set before serving.
struct ForkingOptions {
    unsigned max_children = 40;      ///< Processes at a time.
    std::size_t max_waiting = 1024;  ///< Requests that may wait for one; more get 503.
    /// A child that runs longer is ended (SIGTERM, 2 seconds later SIGKILL): 504, or the answer is
    /// cut off. None: no limit, as in Python.
    std::optional<Milliseconds> request_timeout;
    /// The end of serving waits for children that work on after their answers, at most for
    /// settings.shutdown_timeout. Off: they go on until the server or the thread that served is
    /// gone, and are killed then. Children whose clients wait are finished either way.
    bool block_on_close = true;
};

/// What ForkingMixIn does, without its template. Loop thread unless said otherwise. No code of a
/// handler runs in the parent: where no child can be had, the answer is a plain page.
class BASEHTTP_API Children {
  public:
    Children(BaseServer& server, const ForkingOptions& options);
    ~Children();  ///< Kills what is left.
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    /// A request's turn: collects its body, then gives it to a child, now or later.
    void process(EventLoop& loop, Request& request);
    /// Acts on deadlines: to be called once a tick. Reaping needs no call.
    void collect();
    /// All get a deadline that is no later than this.
    void limit_all(std::chrono::microseconds deadline);
    /// Calls back once, when nothing is left; at once if nothing is.
    void when_empty(std::function<void()> call);

    std::size_t active() const { return active_; }   ///< Processes. Any thread.
    bool empty() const { return unfinished_ == 0; }  ///< No process and no request. Any thread.

    /// The server has begun to end: the handlers that run now are to see it.
    void tell_shutdown() const;
    /// Called in a child that sees it.
    std::function<void()> on_shutdown_in_child;

    /// Whether this process is one of them.
    bool is_child() const { return child_side_ != nullptr; }
    /// In a child: the parent is told of shutdown(). False: this is the parent.
    bool pass_on_shutdown() const;

    // For ForkedRequest.
    BaseServer& server() const { return server_; }
    const ForkingOptions& options() const { return options_; }
    void become_child(ChildSide& side);
    void process_ended();
    /// Nothing of its answer was sent: an error page instead.
    void answer_failure(Request& request, Rejection rejection);
    void is_over(ForkedRequest& child);

  private:
    void collect_body(Request& request);
    void start(Request& request);
    void start_waiting();
    void refuse(Request& request, Rejection rejection);
    void count();

    BaseServer& server_;
    const ForkingOptions& options_;
    EventLoop* loop_ = nullptr;
    std::vector<std::shared_ptr<ForkedRequest>> children_;
    std::deque<Request*> waiting_;
    std::function<void()> when_empty_;
    ChildSide* child_side_ = nullptr;  // in a child
    std::atomic<std::size_t> active_ = 0;
    std::atomic<std::size_t> unfinished_ = 0;
};

}  // namespace basehttp
