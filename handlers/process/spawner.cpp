#include "handlers/process/spawner.hpp"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <semaphore>
#include <system_error>
#include <thread>

namespace basehttp {
namespace {

/// More wait for one another: enough that a run which is hard to end holds up no other.
constexpr std::size_t most_threads = 64;

/// One call of unconfined(), on the stack of its caller.
struct Task {
    const std::function<void()>& work;
    std::binary_semaphore& done;
    std::exception_ptr error = nullptr;
};

thread_local bool on_spawner = false;

class Spawner {
  public:
    /// Of the process; never destroyed, since its threads last.
    static Spawner& only() {
        static Spawner& spawner = *new Spawner;
        return spawner;
    }

    /// Signals are for the other threads; a new thread takes over what is blocked.
    void start() {
        sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        {
            const std::lock_guard lock(mutex_);
            if (threads_ == 0) add_thread();
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    bool started() {
        const std::lock_guard lock(mutex_);
        return threads_ > 0;
    }

    /// False: there are no threads.
    bool run(Task& task) {
        {
            const std::lock_guard lock(mutex_);
            if (threads_ == 0) return false;
            tasks_.push_back(&task);
        }
        wake_.notify_one();
        task.done.acquire();
        return true;
    }

  private:
    void add_thread() {
        std::thread([this] { serve(); }).detach();
        ++threads_;
        ++idle_;
    }

    /// Whoever leaves nobody in reserve sees to that first, because only this thread's kind can.
    void serve() {
        on_spawner = true;
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return !tasks_.empty(); });
            Task& task = *tasks_.front();
            tasks_.pop_front();
            --idle_;
            keep_reserve();
            lock.unlock();
            try {
                task.work();
            } catch (...) {
                task.error = std::current_exception();
            }
            task.done.release();
            lock.lock();
            ++idle_;
        }
    }

    void keep_reserve() {
        if (idle_ > 0 || threads_ == most_threads) return;
        try {
            add_thread();
        } catch (const std::system_error&) {  // no thread to be had: those there are must do
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task*> tasks_;
    std::size_t threads_ = 0, idle_ = 0;
};

}  // namespace

void start_spawner() { Spawner::only().start(); }

bool has_spawner() { return Spawner::only().started(); }

void detail::run_unconfined(const std::function<void()>& work) {
    if (on_spawner) return work();
    thread_local std::binary_semaphore done{0};  // outlives the last touch of it, unlike the task
    Task task{work, done};
    if (!Spawner::only().run(task)) return work();
    if (task.error) std::rethrow_exception(task.error);
}

}  // namespace basehttp
