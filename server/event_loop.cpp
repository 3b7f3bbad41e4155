#include "server/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "server/http_date.hpp"

namespace basehttp {

EventLoop::EventLoop(const Clock& clock)
    : clock_(clock),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!epoll_ || !wake_) throw std::system_error(errno, std::generic_category(), "event loop");
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;  // means: only wake up
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
        throw std::system_error(errno, std::generic_category(), "event loop");
    parent_only_.add(epoll_.get());
    parent_only_.add(wake_.get());
    read_clock();
    next_tick_ = now_ + tick;
}

void EventLoop::run() {
    stopped_ = false;
    while (!stopped_) wait(sleep_time());
    run_posted();
    run_posted_here();
    thread_.store({}, std::memory_order_relaxed);
}

void EventLoop::run_once(Milliseconds timeout) {
    wait(std::min(timeout, sleep_time()));
    thread_.store({}, std::memory_order_relaxed);
}

void EventLoop::stop() {
    post([this] { stopped_ = true; });
}

void EventLoop::post(std::function<void()> task) {
    if (thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
        posted_here_.push_back(std::move(task));
        return;
    }
    bool first;
    {
        const std::lock_guard lock(mutex_);
        first = posted_.empty();
        posted_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    if (first) static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void EventLoop::watch(int fd, std::uint32_t events, Watcher& watcher) {
    control(EPOLL_CTL_ADD, fd, events, watcher);
    parent_only_.add(fd);
}

void EventLoop::rewatch(int fd, std::uint32_t events, Watcher& watcher) {
    control(EPOLL_CTL_MOD, fd, events, watcher);
}

void EventLoop::control(int operation, int fd, std::uint32_t events, Watcher& watcher) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void EventLoop::unwatch(int fd) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    parent_only_.remove(fd);
}

Milliseconds EventLoop::sleep_time() const {
    if (idle_requested_ || !posted_here_.empty()) return Milliseconds{0};
    const auto until_tick =
        std::chrono::ceil<Milliseconds>(std::min(next_tick_, next_poll_) - now_);
    return std::clamp(until_tick, Milliseconds{0}, tick);
}

void EventLoop::wait(Milliseconds timeout) {
    thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(timeout.count()));
    read_clock();
    bool woken = false;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr)
            woken = true;
        else
            static_cast<Watcher*>(event.data.ptr)->on_event(event.events);
    }
    if (woken) run_posted();
    run_posted_here();
    if (count < 0) return;  // after a stop: what came meanwhile first, then who was late
    if (count == 0 && idle_requested_) {
        idle_requested_ = false;
        if (on_idle) on_idle();
    }
    tick_if_due();
    poll_if_due();
}

void EventLoop::read_clock() {
    now_ = clock_.monotonic();
    const std::time_t wall = clock_.wall();
    if (wall == wall_) return;
    wall_ = wall;
    write_http_date(wall, date_.data());
}

void EventLoop::run_posted() {
    std::uint64_t count;
    static_cast<void>(!::read(wake_.get(), &count, sizeof count));
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (auto& task : tasks) task();
}

/// One round only: what a task posts is for the next one, after other events.
void EventLoop::run_posted_here() {
    if (posted_here_.empty()) return;
    std::vector<std::function<void()>> tasks;
    tasks.swap(posted_here_);
    for (auto& task : tasks) task();
}

void EventLoop::poll_every(Milliseconds interval, std::function<void()> task) {
    poll_interval_ = std::max(interval, Milliseconds{1});
    poll_ = std::move(task);
    next_poll_ = now_ + poll_interval_;
}

void EventLoop::poll_if_due() {
    if (now_ < next_poll_) return;
    next_poll_ = now_ + poll_interval_;
    poll_();
}

void EventLoop::tick_if_due() {
    if (now_ < next_tick_) return;
    next_tick_ = now_ + tick;
    if (on_tick) on_tick();
}

}  // namespace basehttp
