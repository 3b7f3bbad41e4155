// How a ScriptRun ends: by itself, with all that the script started, or by signals.
#include <poll.h>

#include <algorithm>
#include <csignal>

#include "handlers/cgi/script_run.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// For the exit that follows the end of the output of nearly every script.
constexpr auto settle_time = 100ms;
/// How often somebody is asked whether to go on.
constexpr auto ask_again = 200ms;
/// How often we look whether what a script started is gone: the kernel does not tell.
constexpr auto look_again = 10ms;

}  // namespace

/// Waits until the script has ended and nothing that it started is left, at most until `until`.
bool ScriptRun::wait_until_gone(Time until) {
    while (!ended_) {
        const Ready ready = wait(false, until);
        if (ready.errors) read_errors();
        ended_ = ready.ended;
        if (!ended_ && steady_clock::now() >= until) return false;
    }
    while (anything_left()) {
        const Time now = steady_clock::now();
        if (now >= until) return false;
        if (wait(false, std::min(until, now + look_again)).errors) read_errors();
    }
    return true;
}

bool ScriptRun::settle() {
    if (end_) return true;
    const Time until = steady_clock::now() + settle_time;
    while (!ended_) {
        const Ready ready = wait(false, until);
        if (ready.errors) read_errors();
        ended_ = ready.ended;
        if (!ended_ && steady_clock::now() >= until) return false;
    }
    if (anything_left()) {
        left_behind_ = true;
        if (timeouts_.background.count() > 0) return false;
        signal_all(SIGTERM);
        if (!wait_until_gone(steady_clock::now() + settle_time)) return false;
    }
    finish();
    return true;
}

std::optional<ScriptRun::Event> ScriptRun::wait_for_end(const std::function<bool()>& gives_up) {
    close_output();
    while (!ended_) {
        const Time now = steady_clock::now();
        const auto deadline = passed_deadline(now);
        if (deadline || gives_up()) {
            terminate();
            return deadline;
        }
        const Ready ready = wait(false, std::min(next_deadline({}), now + ask_again));
        if (ready.errors) read_errors();
        ended_ = ready.ended;
    }
    const Time until = steady_clock::now() + timeouts_.background;
    bool gone = false;
    for (Time now; !gone && (now = steady_clock::now()) < until && !gives_up();)
        gone = wait_until_gone(std::min(until, now + ask_again));
    left_behind_ = left_behind_ || !gone;
    if (gone)
        finish();
    else
        terminate();
    return std::nullopt;
}

/// A second SIGTERM is for what was forked, or left its parent, during the first.
void ScriptRun::terminate() {
    if (end_) return;
    close_output();
    ended_ = ended_ || child_->ended();
    terminated_ = !ended_;
    const Time until = steady_clock::now() + timeouts_.grace;
    signal_all(SIGTERM);
    bool gone = wait_until_gone(std::min(until, steady_clock::now() + settle_time));
    if (!gone) {
        signal_all(SIGTERM);
        gone = wait_until_gone(until);
    }
    if (!gone) {
        signal_all(SIGKILL);
        wait_until_gone(steady_clock::now() + 5s);
    }
    finish();
}

bool ScriptRun::anything_left() const {
    return cgroup_ ? !cgroup_->empty() : tree_->anything_left();
}

void ScriptRun::signal_all(int number) {
    if (!cgroup_)
        tree_->signal_all(number);
    else if (number == SIGKILL)
        cgroup_->kill();
    else
        cgroup_->signal_all(number);
}

void ScriptRun::finish() {
    read_errors_to_end();
    errors_.finish();
    end_ = child_->reap();
    if (end_ && !end_->peak_is_exact && early_memory_ != 0) end_->peak_kib = early_memory_;
    child_.reset();
    reap_orphans();
}

}  // namespace basehttp
