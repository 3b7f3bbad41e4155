#include "server/exchange/outbox.hpp"

namespace basehttp {

void Outbox::push(Segment segment) {
    std::unique_lock lock(mutex_);
    if (cancelled_) throw BrokenPipe("the client has gone away");
    begun_ = true;
    unsent_memory_ += segment.text.size();
    queued_.push_back(std::move(segment));
    if (unsent_memory_ <= mark) return;
    lock.unlock();
    flush();
    lock.lock();
    if (may_wait) drained_.wait(lock, [this] { return unsent_memory_ <= mark || cancelled_; });
    if (cancelled_) throw BrokenPipe("the client has gone away");
}

bool Outbox::is_full() {
    const std::lock_guard lock(mutex_);
    return unsent_memory_ > mark / 2;
}

bool Outbox::begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
}

bool Outbox::cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

void Outbox::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

void Outbox::flush() {
    {
        const std::lock_guard lock(mutex_);
        if (queued_.empty()) return;
    }
    if (on_flush) on_flush();
}

bool Outbox::take(SendQueue& queue) {
    const std::lock_guard lock(mutex_);
    if (queued_.empty()) return false;
    for (Segment& segment : queued_) {
        taken_memory_ += segment.text.size();
        queue.push(std::move(segment));
    }
    queued_.clear();
    return true;
}

void Outbox::drained() {
    {
        const std::lock_guard lock(mutex_);
        unsent_memory_ -= taken_memory_;
        taken_memory_ = 0;
        if (wake_) wake_();
    }
    drained_.notify_one();
}

void Outbox::cancel() {
    {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        queued_.clear();
        if (wake_) wake_();
    }
    drained_.notify_one();
}

}  // namespace basehttp
