#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base_server.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// Runs handlers without a network: a request comes as text, its answer goes out as text. What the
/// server logs is kept. Python's tests call this idea SocketlessRequestHandler.
class MemoryServer final : public BaseServer {
  public:
    explicit MemoryServer(HandlerFactory handler, bool python_messages = false);
    ~MemoryServer() override;

    struct Answer {
        std::string bytes;   ///< Everything that would be sent.
        bool close = false;  ///< The connection would close after it.
        unsigned turns = 0;  ///< How often the handler was called.
        int status = 0;      ///< For the access log.
        std::uint64_t body_bytes = 0;
        bool logged = false;   ///< It gets an access line from the server.
        bool cut_off = false;  ///< The connection would end with a reset.
        std::vector<LogField> log_fields;

        std::string_view head() const;  ///< With the last field's CRLF, without the empty line.
        std::string_view body() const;
        bool has(std::string_view line) const;  ///< Whether the head has that line.
    };

    /// Head and body as text; the head must be good. By default the whole body is there when the
    /// handler is first called; with `body_later` it is there only if the handler asks for it.
    Answer run(std::string_view text, bool body_later = false);
    /// A request that the loop refuses.
    Answer run_rejected(std::string_view text, int code, std::string reason);

    /// Bytes that the client had before the handler was called again with the body.
    std::string before_body;
    /// Called when a handler waits for another turn. It has its turn when this resumed it, else
    /// its time has passed.
    std::function<void()> while_waiting;

    /// Lines of a log. Ends both logs.
    std::string error_log() { return log_text("error"); }
    std::string access_log() { return log_text("access"); }

  private:
    void start_loop(std::size_t) override {}
    void drain_loop(std::size_t) override {}
    std::uint64_t answered() const override { return 0; }
    Answer finish(Request& request, std::string_view body);
    void wait_for_turn(Request& request, bool& resumed);
    std::string log_text(const char* name);

    TempDir directory_;
};

}  // namespace basehttp
