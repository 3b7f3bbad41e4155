// What a forked child does: runs the handler of one request, and tells the parent what comes out.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "server/base_server.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// The child's end of its connection to the parent. Lives until the child exits; its thread only,
/// but for Request::resume.
class ChildSide {
  public:
    ChildSide(BaseServer& server, Request& request, Fd channel);
    ChildSide(const ChildSide&) = delete;
    ChildSide& operator=(const ChildSide&) = delete;

    /// Gives `request` to a handler: all its turns, what it left to be done afterwards included.
    void run();
    /// The parent is to call request_shutdown(): nothing that is changed here changes there.
    void pass_on_shutdown();

    /// Called once, on the handler's thread, when it sends after the parent has begun to end.
    std::function<void()> on_shutdown;

  private:
    void connect();
    void take_turns();
    void wait_for_turn();
    void send_output();
    bool send_front(const SendQueue& queue, std::uint64_t& sent) const;
    bool is_sent(int error) const;
    bool send_part(const Segment& region, std::uint64_t& sent) const;
    int send_file(const Segment& region) const;
    void log_loss(std::string_view why) const;
    void note_shutdown();

    BaseServer& server_;
    Request& request_;
    Fd channel_;
    bool lost_ = false;  // part of the answer could not be sent
};

}  // namespace basehttp
