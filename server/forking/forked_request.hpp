// One forked child, and the request that it answers: the parent's side.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/event_loop.hpp"
#include "server/exchange/request.hpp"
#include "server/fd.hpp"
#include "server/forking/forked_process.hpp"

namespace basehttp {

class Children;

/// Takes the child's records to the request's outbox and to the log, no faster than the client
/// reads. Loop thread only. The request's turn may end before the child does, and the other way
/// round: over() is when both have.
class ForkedRequest final : public Watcher, public std::enable_shared_from_this<ForkedRequest> {
  public:
    /// Throws std::system_error when no child can be started.
    ForkedRequest(Children& owner, EventLoop& loop, Request& request);
    ~ForkedRequest() override;
    /// Once, when a shared_ptr holds it. Throws std::system_error.
    void start();

    void on_event(std::uint32_t events) override;
    /// Acts on what took too long. Once a tick.
    void check_deadline(std::chrono::microseconds now);
    /// The child has until then, at most.
    void limit(std::chrono::microseconds deadline);
    /// The child's server.is_shutting_down() is to be true.
    void tell_shutdown() const;

    /// Whether the client still waits for the end of the answer.
    bool has_request() const { return request_ != nullptr; }

  private:
    void progress();
    bool read_records();
    bool has_room() const;
    void handle_record(std::string_view record, Fd file);
    void relay(Segment segment);
    void take_file(std::string_view content, Fd file);
    void note_status(std::string_view bytes);
    void wait_for_descriptors();
    void cannot_read(int error);
    void distrust();
    void write_event(std::string_view content);
    void finish_turn();
    void fail();
    void cut_off();
    void give_up();
    void tell_child_to_end();
    void child_is_gone();
    void log_end() const;
    void close();

    Children& owner_;
    EventLoop& loop_;
    Request* request_;  // nullptr: its turn is over
    const std::string what_;
    Fd channel_;
    std::optional<ForkedProcess> process_;
    std::optional<ProcessEnd> end_;
    std::shared_ptr<const Fd> file_;  // of which regions may be unsent
    int status_ = 0;                  // of the answer, as far as it was relayed
    std::uint64_t relayed_ = 0;       // bytes
    bool unflushed_ = false;
    bool timed_out_ = false;
    bool distrusted_ = false;
    bool ended_by_us_ = false;
    bool lacks_descriptors_ = false;  // or did
    bool over_ = false;
    std::chrono::microseconds deadline_{};  // 0: none
    std::chrono::microseconds kill_at_{};   // 0: was not told to end
};

}  // namespace basehttp
