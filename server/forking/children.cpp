#include "server/forking/children.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "server/exchange/plain_answer.hpp"
#include "server/forking/child_side.hpp"

namespace basehttp {

Children::Children(BaseServer& server, const ForkingOptions& options)
    : server_(server), options_(options) {}

Children::~Children() = default;

void Children::process(EventLoop& loop, Request& request) {
    loop_ = &loop;
    request.wants_body = request.wants_turn = false;
    const bool is_refused = request.rejection.code != 0 || request.head().expect_unknown;
    if (!request.body_complete && !is_refused) return collect_body(request);
    if (active_ < options_.max_children && waiting_.empty()) return start(request);
    if (waiting_.size() >= options_.max_waiting)
        return refuse(request, {503, "The server is busy"});
    waiting_.push_back(&request);
    count();
}

/// The child is to find it complete: one process a request.
void Children::collect_body(Request& request) {
    request.wants_body = true;
    if (request.head().expect_continue)
        request.outbox.push(Segment::bytes("HTTP/1.1 100 Continue\r\n\r\n"));
    server_.shutdown_request(request);
}

void Children::start(Request& request) {
    server_.log();  // made before the fork: a child cannot
    try {
        const auto child = std::make_shared<ForkedRequest>(*this, *loop_, request);
        child->start();
        children_.push_back(child);
        ++active_;
        count();
    } catch (const std::system_error& error) {
        server_.log().write(LogLevel::error,
                            std::string("No child process for a request: ") + error.what() +
                                " (limits of processes and descriptors: ulimit -u, ulimit -n)");
        refuse(request, {503, "The server is busy"});
    }
}

/// Keeps to the order in which they came.
void Children::start_waiting() {
    while (!waiting_.empty()) {
        Request& request = *waiting_.front();
        const bool left = request.outbox.cancelled();
        if (!left && active_ >= options_.max_children) break;
        waiting_.pop_front();
        if (left)
            server_.shutdown_request(request);
        else
            start(request);
    }
    count();
}

void Children::refuse(Request& request, Rejection rejection) {
    if (request.rejection.code == 0) request.rejection = std::move(rejection);
    answer_plainly(request, loop_->date());
    server_.shutdown_request(request);
}

/// A handler makes the page, in a child of its own; if that fails as well, no handler.
void Children::answer_failure(Request& request, Rejection rejection) {
    if (request.rejection.code != 0) return refuse(request, {});
    request.rejection = std::move(rejection);
    start(request);
}

void Children::process_ended() {
    --active_;
    loop_->post([this] { start_waiting(); });
}

void Children::collect() {
    const auto children = children_;  // some may go
    for (const auto& child : children) child->check_deadline(loop_->now());
    std::erase_if(waiting_, [this](Request* request) {
        if (!request->outbox.cancelled()) return false;
        server_.shutdown_request(*request);
        return true;
    });
    count();
}

void Children::limit_all(std::chrono::microseconds deadline) {
    for (const auto& child : children_) child->limit(deadline);
}

void Children::tell_shutdown() const {
    for (const auto& child : children_) child->tell_shutdown();
}

void Children::become_child(ChildSide& side) {
    child_side_ = &side;
    side.on_shutdown = on_shutdown_in_child;
}

void Children::is_over(ForkedRequest& child) {
    const auto found = std::find_if(children_.begin(), children_.end(),
                                    [&](const auto& each) { return each.get() == &child; });
    loop_->post([last = std::move(*found)] {});  // more events of it may have been fetched
    children_.erase(found);
    count();
}

void Children::when_empty(std::function<void()> call) {
    when_empty_ = std::move(call);
    count();
}

void Children::count() {
    unfinished_ = children_.size() + waiting_.size();
    if (unfinished_ == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
}

bool Children::pass_on_shutdown() const {
    if (child_side_ == nullptr) return false;
    child_side_->pass_on_shutdown();
    return true;
}

}  // namespace basehttp
