// What tests of waiting handlers need: to know when a turn is over, and to say when the next
// begins.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <semaphore>
#include <vector>

#include "handlers/base_http_request_handler.hpp"
#include "tests/support/test_server.hpp"

namespace basehttp {

/// Counts turns that are over and handed back to the loop.
class WatchedServer : public ThreadingHTTPServer {
  public:
    using ThreadingHTTPServer::ThreadingHTTPServer;
    void shutdown_request(Request& request) override {
        ThreadingHTTPServer::shutdown_request(request);
        ended_.release();
    }
    /// Waits for the end of so many turns.
    void turns_end(int count = 1) {
        for (int i = 0; i < count; ++i) REQUIRE(ended_.try_acquire_for(std::chrono::seconds(20)));
    }

  private:
    std::counting_semaphore<> ended_{0};
};

/// Handlers for a WatchedServer that wait for resume_all() or `timeout` before they answer; for the
/// path "/now" they answer at once. Outlives the server.
class WaitingHandlers {
  public:
    HandlerFactory factory() {
        return [this](Request& request, const Address& client, BaseServer& server) {
            return std::make_unique<Handler>(request, client, server, *this);
        };
    }

    /// Any thread.
    void resume_all() {
        const std::lock_guard lock(mutex_);
        for (Handler* const handler : waiting_) handler->request.resume();
    }
    std::size_t waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }

    std::chrono::milliseconds timeout{3'600'000};
    int turns_to_wait = 1;
    bool resume_within_turn = false;
    std::atomic<int> made = 0, destroyed = 0, turns = 0;

  private:
    class Handler : public BaseHTTPRequestHandler {
      public:
        Handler(Request& request_, const Address& client, BaseServer& server_, WaitingHandlers& all)
            : BaseHTTPRequestHandler(request_, client, server_), all_(all) {
            ++all_.made;
        }
        /// As a queue would: nobody resumes a request that is gone.
        ~Handler() override {
            const std::lock_guard lock(all_.mutex_);
            std::erase(all_.waiting_, this);
            ++all_.destroyed;
        }
        void do_GET() override { path == "/now" ? answer() : take_turn(); }
        void do_POST() override { take_turn(); }

      private:
        void take_turn() {
            ++all_.turns;
            if (++turn_ > all_.turns_to_wait || request.turn_timed_out) return answer();
            request.wants_turn = true;
            request.turn_timeout = all_.timeout;
            if (all_.resume_within_turn) request.resume();
            if (turn_ > 1) return;
            const std::lock_guard lock(all_.mutex_);
            all_.waiting_.push_back(this);
        }
        void answer() {
            const std::string text = "turn " + std::to_string(turn_) + " [" + rfile.read() + "]" +
                                     (request.turn_timed_out ? " late" : "");
            send_response(200);
            send_header("Content-Length", text.size());
            end_headers();
            wfile.write(text);
        }
        WaitingHandlers& all_;
        int turn_ = 0;
    };

    std::mutex mutex_;
    std::vector<Handler*> waiting_;
};

}  // namespace basehttp
