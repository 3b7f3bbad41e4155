#include "server/worker_pool.hpp"

#include <algorithm>

namespace basehttp {

WorkerPool::WorkerPool(unsigned threads, std::size_t most_waiting)
    : threads_wanted_(std::max(1u, threads)), most_waiting_(most_waiting) {}

WorkerPool::~WorkerPool() { join(); }

bool WorkerPool::run(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (ending_ || tasks_.size() >= most_waiting_ + idle_) return false;
        tasks_.push_back(std::move(task));
        if (tasks_.size() > idle_ && threads_.size() < threads_wanted_)
            threads_.emplace_back([this] { work(); });
    }
    available_.notify_one();
    return true;
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
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        available_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
        --idle_;
        if (tasks_.empty()) return;
        std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
    }
}

}  // namespace basehttp
