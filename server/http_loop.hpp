// What the connections of one event loop share: scratch memory, the response cache, the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/address.hpp"
#include "server/event_loop.hpp"
#include "server/exchange/response_cache.hpp"
#include "server/http_settings.hpp"
#include "server/log/access_line.hpp"
#include "server/log/log.hpp"

namespace basehttp {

class HttpConnection;
class HTTPServer;

/// Loop thread only. Owns the connections.
class HttpLoop {
  public:
    HttpLoop(EventLoop& event_loop, HTTPServer& http_server, std::function<void()> drained);
    ~HttpLoop();

    void add(Fd socket, Address client);
    /// Takes the connection out at once; it is destroyed after the present event.
    void remove(HttpConnection& connection);
    /// Whether `connection` is still the one of that slot.
    bool holds(int slot, const HttpConnection& connection) const {
        const auto index = static_cast<std::size_t>(slot);
        return index < by_fd_.size() && by_fd_[index].get() == &connection;
    }
    /// Calls advance() of the connection soon, if it still is this one.
    void resume_later(HttpConnection& connection);
    /// No new requests; `drained` is called when the last connection is gone. The rest is cut off
    /// after the shutdown timeout.
    void drain();
    bool draining() const { return draining_; }
    void tick();
    std::size_t size() const { return count_; }

    void log_access(const AccessRecord& record);
    void flush_log();

    EventLoop& loop;
    HTTPServer& server;
    const HttpSettings& settings;
    ResponseCache cache;
    RequestHead head;    ///< Scratch of the connection that is parsing.
    std::string output;  ///< Answers of the connection that is being served, not yet sent.
    std::unique_ptr<char[]> input;  ///< Scratch for reads, input_size bytes.

    std::uint64_t answered = 0;  ///< Requests.

    static constexpr std::size_t input_size = 64u << 10;

  private:
    void tell_when_drained();

    std::function<void()> drained_;
    std::vector<std::unique_ptr<HttpConnection>> by_fd_;
    std::vector<std::unique_ptr<HttpConnection>> removed_;
    std::size_t count_ = 0;
    bool draining_ = false;
    std::chrono::microseconds cut_at_{};
    LogTime log_time_;
    std::string log_lines_;
    std::chrono::microseconds log_flushed_{-1'000'000};
};

}  // namespace basehttp
