#include "server/base_server.hpp"

#include <ctime>
#include <exception>
#include <stdexcept>
#include <system_error>

#include "server/exchange/failure_status.hpp"
#include "server/exchange/plain_answer.hpp"
#include "server/http_date.hpp"
#include "server/sigpipe.hpp"

namespace basehttp {
namespace {

/// Whether this thread runs loops or handlers of a server, so that it must not wait for them.
thread_local int serving_depth = 0;

struct ServingThread {
    ServingThread() { ++serving_depth; }
    ~ServingThread() { --serving_depth; }
    ServingThread(const ServingThread&) = delete;
    ServingThread& operator=(const ServingThread&) = delete;
};

}  // namespace

BaseServer::BaseServer(Address address, HandlerFactory handler)
    : server_address(std::move(address)), RequestHandlerClass(std::move(handler)) {}

BaseServer::~BaseServer() = default;

Log& BaseServer::log() {
    std::call_once(log_once_, [this] {
        if (!log_) log_ = std::make_shared<Log>(LogOptions{});
    });
    return *log_;
}

void BaseServer::make_loops() {
    if (loops_.empty()) loops_.push_back(std::make_unique<EventLoop>());
}

void BaseServer::begin_serving() {
    make_loops();
    const std::lock_guard lock(mutex_);
    serving_ = true;
    loops_to_start_ = loops_.size();
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        // Posted before any drain_loop. handle_request may have started loop 0.
        const bool start = i > 0 || !loops_started_;
        loops_[i]->post([this, i, start] {
            if (start) start_loop(i);
            if (--loops_to_start_ == 0 && on_serving) on_serving();
        });
        if (shutdown_asked_) loops_[i]->post([this, i] { drain_loop(i); });
    }
}

void BaseServer::end_serving() {
    {
        const std::lock_guard lock(mutex_);
        serving_ = shutdown_asked_ = false;
        loops_started_ = false;
    }
    stopped_.notify_all();
}

void BaseServer::run_loop(std::size_t index) {
    const ServingThread mark;
    const SigpipeBlocked no_sigpipe;
    loops_[index]->run();
}

void BaseServer::serve_forever(Milliseconds poll_interval) {
    begin_serving();
    loops_.front()->poll_every(poll_interval, [this] { service_actions(); });
    std::vector<std::thread> threads;
    const auto end = [&] {
        for (std::thread& thread : threads) thread.join();
        end_serving();
    };
    try {
        for (std::size_t i = 1; i < loops_.size(); ++i)
            threads.emplace_back([this, i] { run_loop(i); });
    } catch (const std::system_error&) {  // no thread left in this system
        for (std::size_t i = 1; i <= threads.size(); ++i) loops_[i]->stop();
        end();
        throw;
    }
    run_loop(0);
    end();
}

void BaseServer::handle_request() {
    const ServingThread mark;
    const SigpipeBlocked no_sigpipe;
    make_loops();
    EventLoop& loop = *loops_.front();
    if (!loops_started_) {
        start_loop(0);
        loop.poll_every(default_poll_interval, [this] { service_actions(); });
        handled_ = answered();
    }
    loops_started_ = true;
    const auto started = std::chrono::steady_clock::now();
    Milliseconds waited{0};
    while (answered() <= handled_) {
        loop.run_once(timeout ? *timeout - waited : EventLoop::tick);
        waited = std::chrono::ceil<Milliseconds>(std::chrono::steady_clock::now() - started);
        if (timeout && answered() <= handled_ && waited >= *timeout) return handle_timeout();
    }
    ++handled_;  // what the loop has answered beyond that, the next calls only count
}

void BaseServer::request_shutdown() {
    const std::lock_guard lock(mutex_);
    shutdown_asked_ = true;
    if (!serving_) return;
    for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->post([this, i] { drain_loop(i); });
}

bool BaseServer::is_serving() {
    const std::lock_guard lock(mutex_);
    return serving_;
}

void BaseServer::run_on_loops(const std::function<void(std::size_t)>& task) {
    struct Progress {
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t left;
        std::exception_ptr failure;
        bool over = false;  // nobody waits any more: `task` is gone
    };
    const auto progress = std::make_shared<Progress>();
    {
        const std::lock_guard serving(mutex_);
        if (!serving_) return;
        progress->left = loops_.size();
        for (std::size_t i = 0; i < loops_.size(); ++i)
            loops_[i]->post([progress, &task, i] {
                const std::lock_guard lock(progress->mutex);
                if (progress->over) return;
                try {
                    task(i);
                } catch (...) {
                    progress->failure = std::current_exception();
                }
                --progress->left;
                progress->changed.notify_all();
            });
    }
    std::unique_lock lock(progress->mutex);
    constexpr std::chrono::milliseconds patience{50};  // a loop that has ended runs nothing
    while (!progress->changed.wait_for(lock, patience, [&] { return progress->left == 0; })) {
        lock.unlock();
        const bool serving = is_serving();
        lock.lock();
        if (!serving) break;
    }
    progress->over = true;
    if (progress->failure) std::rethrow_exception(progress->failure);
}

void BaseServer::shutdown() {
    request_shutdown();
    if (serving_depth > 0) return;
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return !serving_; });
}

bool BaseServer::verify_request(Request&, const Address&) { return true; }

void BaseServer::handle_request_noblock(Request& request) {
    const Address& client = request.client_address();
    try {
        request.verified = request.verified || verify_request(request, client);
        if (request.verified) return process_request(request, client);
        request.close_connection = true;
    } catch (...) {
        handle_error(request, client);
    }
    shutdown_request(request);
}

void BaseServer::process_request(Request& request, const Address& client_address) {
    request.outbox.may_wait = false;
    try {
        finish_request(request, client_address);
    } catch (...) {
        handle_failure(request, client_address);
    }
    shutdown_request(request);
}

/// Even where there is no memory to say why.
void BaseServer::handle_failure(Request& request, const Address& client_address) noexcept {
    request.close_connection = true;
    const int status = failure_status();
    try {
        handle_error(request, client_address);
    } catch (...) {
    }
    if (request.outbox.begun() || request.outbox.cancelled()) return;
    request.wants_body = request.wants_turn = false;
    try {
        request.rejection = {status,
                             status == 503 ? "Service Unavailable" : "Internal Server Error"};
        answer_plainly(request, format_http_date(std::time(nullptr)));
    } catch (...) {
    }
}

void BaseServer::finish_request(Request& request, const Address& client_address) {
    const ServingThread mark;
    auto handler = request.parked ? std::move(request.parked)
                                  : RequestHandlerClass(request, client_address, *this);
    if (!handler) throw std::logic_error("the handler factory made no handler");
    const bool first_turn = !request.wants_another_turn();
    request.wants_body = request.wants_turn = false;
    if (first_turn) handler->setup();
    try {
        handler->handle();
    } catch (...) {
        handler->finish();
        throw;
    }
    if (request.wants_another_turn())
        request.parked = std::move(handler);
    else
        handler->finish();
}

void BaseServer::shutdown_request(Request& request) {
    const auto afterwards = std::move(request.afterwards);
    if (request.on_finished) request.on_finished();
    if (afterwards) afterwards();
}

void BaseServer::handle_error(Request& request, const Address& client_address) {
    request.close_connection = true;
    std::string text = request.log_prefix() + "Exception while answering " + client_address.text() +
                       " \"" + std::string(request.head().request_line) + "\": ";
    try {
        throw;
    } catch (const BrokenPipe& e) {
        return log().write(LogLevel::debug, text + e.what());
    } catch (const std::exception& e) {
        text += e.what();
    } catch (...) {
        text += "not a std::exception";
    }
    log().write(LogLevel::error, text);
}

}  // namespace basehttp
