// Threads that run handlers, and the bounded queue before them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

class BASEHTTP_API WorkerPool {
  public:
    /// Starts one thread, if the system has one; the others when they are first needed.
    WorkerPool(unsigned threads, std::size_t most_waiting);
    ~WorkerPool();  ///< join()

    /// Queues a task; it must not throw. False when all threads are busy and as many tasks wait as
    /// may, when no thread could be started, or after join().
    [[nodiscard]] bool run(std::function<void()> task);
    /// False: the system had none for us, and tasks are refused until it has one.
    bool has_threads();
    /// Other bounds. Threads beyond them stay, but run nothing.
    void resize(unsigned threads, std::size_t most_waiting);
    /// Finishes what is queued, then ends the threads. Not from a task.
    void join();

    /// A task that waits for something slow says so, from begin_blocking() to end_blocking():
    /// meanwhile one more thread may run, so that others go on. Who calls bounds how many do.
    void begin_blocking();
    void end_blocking();

  private:
    bool start_thread();
    void work();

    std::mutex mutex_;  // guards all below
    std::size_t most_waiting_;
    unsigned threads_limit_;   // as told
    unsigned threads_wanted_;  // one more for each task that is blocking
    std::condition_variable available_;
    std::deque<std::function<void()>> tasks_;
    std::vector<std::thread> threads_;  // started as they are first needed
    std::size_t idle_ = 0;              // threads that wait for a task
    std::size_t busy_ = 0;              // threads that run one
    bool ending_ = false;
};

}  // namespace basehttp
