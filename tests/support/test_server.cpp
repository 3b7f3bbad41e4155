#include "tests/support/test_server.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <ostream>

namespace basehttp {

using namespace std::chrono_literals;

TestServerBase::TestServerBase(std::unique_ptr<HTTPServer> server) : server_(std::move(server)) {
    log_ = std::make_shared<Log>(LogOptions{.access = (directory_ / "access").string(),
                                            .error = (directory_ / "error").string(),
                                            .format = AccessFormat::combined,
                                            .level = LogLevel::info,
                                            .python_messages = false});
    server_->set_log(log_);
    server_->clock = &clock;
    server_->settings.min_rate = 0;  // tests move the clock in long strides
    speak_test_transport(*server_);
}

TestServerBase::~TestServerBase() {
    const bool expected = errors_expected_;
    const std::string errors = error_log();
    if (!expected) CHECK(errors == "");
}

void TestServerBase::start() {
    std::promise<void> ended;
    ended_ = ended.get_future();
    thread_ = std::thread([this, ended = std::move(ended)]() mutable {
        server_->serve_forever();
        ended.set_value();
    });
    while (!server_->is_serving() && !has_ended()) std::this_thread::yield();
}

bool TestServerBase::has_ended() const { return ended_.wait_for(0ms) == std::future_status::ready; }

namespace {

/// Reaches the loops of any server.
struct Loops : BaseServer {
    static const std::vector<std::unique_ptr<EventLoop>>& of(const BaseServer& server) {
        return server.*&Loops::loops_;
    }
};

}  // namespace

/// Two rounds of each loop: what was due at the end of the first is done when the second begins.
void TestServerBase::settle() const {
    for (const auto& loop : Loops::of(*server_)) {
        for (int round = 0; round < 2; ++round) {
            const auto done = std::make_shared<std::promise<void>>();
            const auto seen = done->get_future();
            loop->post([done] { done->set_value(); });
            while (seen.wait_for(20ms) != std::future_status::ready && !has_ended()) {
            }
        }
    }
}

void TestServerBase::advance(Milliseconds by) {
    settle();
    clock.advance(by);
    settle();
}

void TestServerBase::begin_shutdown() {
    stopper_ = std::thread([this] { server_->shutdown(); });
}

void TestServerBase::join() {
    if (!thread_.joinable()) return;
    // Over TLS a connection lingers until its client closes or its time has passed.
    for (int i = 0; i < 8 && ended_.wait_for(400ms) != std::future_status::ready; ++i)
        clock.advance(3s);
    thread_.join();
    if (stopper_.joinable()) stopper_.join();
    server_->server_close();
}

void TestServerBase::stop() {
    if (!thread_.joinable()) return;
    if (!stopper_.joinable()) {
        advance(3s);  // ends the lingering of clients that are still there
        begin_shutdown();
    }
    join();
}

std::string TestServerBase::log_text(const char* name) {
    stop();
    server_.reset();
    log_.reset();  // writes what is queued
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string TestServerBase::error_log() {
    errors_expected_ = true;
    return log_text("error");
}

std::string TestServerBase::access_log() { return log_text("access"); }

}  // namespace basehttp
