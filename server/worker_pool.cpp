#include "server/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "server/sigpipe.hpp"

namespace basehttp {

WorkerPool::WorkerPool(unsigned threads, std::size_t most_waiting)
    : most_waiting_(most_waiting),
      threads_limit_(std::max(1u, threads)),
      threads_wanted_(threads_limit_) {
    start_thread();  // while there is memory for it: with one, requests go on whatever happens
}

WorkerPool::~WorkerPool() { join(); }

bool WorkerPool::run(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        const std::size_t free = threads_wanted_ - std::min<std::size_t>(threads_wanted_, busy_);
        if (ending_ || tasks_.size() >= most_waiting_ + free) return false;
        if (tasks_.size() >= idle_ && threads_.size() < threads_wanted_ && !start_thread() &&
            threads_.empty())
            return false;
        tasks_.push_back(std::move(task));
    }
    available_.notify_one();
    return true;
}

bool WorkerPool::has_threads() {
    const std::lock_guard lock(mutex_);
    return !threads_.empty();
}

void WorkerPool::resize(unsigned threads, std::size_t most_waiting) {
    {
        const std::lock_guard lock(mutex_);
        const unsigned blocking = threads_wanted_ - threads_limit_;
        threads_limit_ = std::max(1u, threads);
        threads_wanted_ = threads_limit_ + blocking;
        most_waiting_ = most_waiting;
    }
    available_.notify_all();
}

/// False: the system has no thread left; those that run must do.
bool WorkerPool::start_thread() {
    try {
        const std::string name = "worker-" + std::to_string(threads_.size() + 1);
        threads_.emplace_back([this] { work(); });
        ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

void WorkerPool::begin_blocking() {
    const std::lock_guard lock(mutex_);
    ++threads_wanted_;
    if (tasks_.empty() || ending_) return;
    if (idle_ > 0)
        available_.notify_one();
    else if (threads_.size() < threads_wanted_)
        start_thread();
}

void WorkerPool::end_blocking() {
    const std::lock_guard lock(mutex_);
    --threads_wanted_;
}

void WorkerPool::join() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        threads.swap(threads_);
    }
    available_.notify_all();
    for (std::thread& thread : threads) thread.join();
}

void WorkerPool::work() {
    const SigpipeBlocked no_sigpipe;  // whoever started it
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        // Threads that were started for others that blocked may be more than are wanted now.
        available_.wait(lock,
                        [this] { return ending_ || (!tasks_.empty() && busy_ < threads_wanted_); });
        --idle_;
        if (tasks_.empty()) return;
        std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        ++busy_;
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
        --busy_;
    }
}

}  // namespace basehttp
