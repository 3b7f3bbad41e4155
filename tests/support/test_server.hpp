// A real server on 127.0.0.1 in this process, served by a thread of its own.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>

#include "server/http_server.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// What a TestServer is without the type of its server: thread, time, logs.
class TestServerBase {
  public:
    TestServerBase(const TestServerBase&) = delete;
    TestServerBase& operator=(const TestServerBase&) = delete;

    std::uint16_t port() const { return http().server_port; }
    Endpoint endpoint() const { return {"127.0.0.1", port()}; }
    HttpClient client() const { return HttpClient(endpoint()); }
    RawClient raw_client(int receive_buffer = 0) const { return RawClient(port(), receive_buffer); }

    /// Waits until the loop has seen all that clients have done before.
    void settle() const;
    /// Moves the server's time; deadlines that have passed are acted on before it returns.
    void advance(Milliseconds by);
    /// As a second signal would: asks for the end, without waiting for it.
    void begin_shutdown();
    /// Waits until serving has ended for another reason.
    void join();
    /// Ends serving. Done by the destructor too.
    void stop();

    /// The logs; they end the server. A test that expects errors must ask for them: any that
    /// nobody asked for fails it.
    std::string error_log();
    std::string access_log();

    ManualClock clock;

  protected:
    explicit TestServerBase(std::unique_ptr<HTTPServer> server);
    ~TestServerBase();
    void start();
    HTTPServer& http() const { return *server_; }

  private:
    std::string log_text(const char* name);
    bool has_ended() const;

    TempDir directory_;
    std::shared_ptr<Log> log_;
    std::unique_ptr<HTTPServer> server_;
    std::shared_future<void> ended_;
    std::thread thread_, stopper_;
    bool errors_expected_ = false;
};

template <class Server = ThreadingHTTPServer>
class TestServer final : public TestServerBase {
  public:
    using Prepare = std::type_identity_t<std::function<void(Server&)>>;

    /// `prepare` may change settings before the server serves.
    explicit TestServer(HandlerFactory handler, const Prepare& prepare = {})
        : TestServerBase(std::make_unique<Server>(Address{"127.0.0.1", 0}, std::move(handler))) {
        if (prepare) prepare(server());
        start();
    }

    Server& server() const { return static_cast<Server&>(http()); }
};

}  // namespace basehttp
