// How a ScriptRun starts and reads. Its end: script_end.cpp.
#include "handlers/cgi/script_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "handlers/process/spawner.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// What may be added to the time until the first output of a script that goes on.
constexpr auto quick_time = 2ms;

std::pair<Fd, Fd> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

int poll_timeout(ScriptRun::Time until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

std::string seconds_text(std::chrono::milliseconds time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

ssize_t read_some(int fd, char* out, std::size_t size) {
    ssize_t count;
    do count = ::read(fd, out, size);
    while (count < 0 && errno == EINTR);
    return count;
}

/// Memory that a process has now; 0 when it has ended.
long resident_kib(int pid) {
    const Fd file(
        ::open(("/proc/" + std::to_string(pid) + "/statm").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    if (!file || read_some(file.get(), text.data(), text.size() - 1) <= 0) return 0;
    long total = 0, pages = 0;
    if (std::sscanf(text.data(), "%ld %ld", &total, &pages) != 2) return 0;
    return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

bool is_readable(int fd) {
    pollfd poll_fd{fd, POLLIN, 0};
    return ::poll(&poll_fd, 1, 0) > 0;
}

}  // namespace

/// Where each thread's runs read: only one of them has something in it at a time.
char* ScriptRun::buffer() {
    thread_local const std::unique_ptr<char[]> memory(new char[buffer_size]);
    return memory.get();
}

std::string_view ScriptRun::output() const { return {buffer(), output_size_}; }

const std::string& ScriptRun::error_tail() { return errors_.tail(); }

std::string ScriptRun::describe(Event deadline, const ScriptTimeouts& timeouts) {
    if (deadline == Event::no_answer)
        return "no output for " + seconds_text(timeouts.first_byte) + " after it was started";
    if (deadline == Event::silence) return "no output for " + seconds_text(timeouts.silence);
    return "still running after " + seconds_text(timeouts.total);
}

ScriptRun::ScriptRun(SpawnRequest request, Fd in, const CgiSettings& settings, std::string id,
                     Outbox& outbox, StderrLines::Write log)
    : timeouts_(settings.timeouts),
      id_(std::move(id)),
      outbox_(&outbox),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      errors_(std::move(log)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    auto [out, script_out] = make_pipe();
    auto [err, script_err] = make_pipe();
    request.in = in.get();
    request.out = script_out.get();
    request.err = script_err.get();
    started_ = last_activity_ = steady_clock::now();
    if (settings.cgroups) {
        cgroup_.emplace(settings.cgroups->take());
        request.limits = cgroup_->set(settings.limits);
        request.cgroup = cgroup_->directory();
        request.cgroup_procs = cgroup_->procs();
    }
    child_.emplace(ChildProcess::spawn(request));
    spawn_time =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - started_);
    pid_ = child_->pid();
    if (!cgroup_) tree_.emplace(pid_, id_);
    out_ = std::move(out);
    err_ = std::move(err);
    outbox.set_wake([fd = wake_.get()] {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(fd, &one, sizeof one));
    });
}

ScriptRun::~ScriptRun() {
    close_output();
    if (child_) terminate();
}

std::optional<ScriptRun::Event> ScriptRun::passed_deadline(Time now) const {
    const auto passed = [now](Time from, std::chrono::milliseconds limit) {
        return limit.count() > 0 && now >= from + limit;
    };
    if (passed(started_, timeouts_.total)) return Event::too_long;
    if (ended_ || held_back_) return std::nullopt;
    if (!first_byte_time) {
        if (passed(started_, timeouts_.first_byte)) return Event::no_answer;
    } else if (passed(last_activity_, timeouts_.silence)) {
        return Event::silence;
    }
    return std::nullopt;
}

ScriptRun::Time ScriptRun::next_deadline(std::optional<Time> quiet_at) const {
    Time deadline = quiet_at.value_or(Time::max());
    const auto limit = [&deadline](Time from, std::chrono::milliseconds after) {
        if (after.count() > 0) deadline = std::min(deadline, from + after);
    };
    limit(started_, timeouts_.total);
    if (!ended_ && !held_back_) {
        if (first_byte_time)
            limit(last_activity_, timeouts_.silence);
        else
            limit(started_, timeouts_.first_byte);
    }
    return std::min(deadline, steady_clock::now() + 1h);
}

ScriptRun::Ready ScriptRun::wait(bool want_output, Time until) {
    enum : std::size_t { out_at, err_at, process_at, wake_at };
    std::array<pollfd, 4> fds{{{want_output ? out_.get() : -1, POLLIN, 0},
                               {err_.get(), POLLIN, 0},
                               {ended_ ? -1 : child_->pidfd(), POLLIN, 0},
                               {outbox_ != nullptr ? wake_.get() : -1, POLLIN, 0}}};
    const int count = ::poll(fds.data(), fds.size(), poll_timeout(until));
    if (count <= 0) return {};
    return {fds[out_at].revents != 0, fds[err_at].revents != 0, fds[process_at].revents != 0,
            fds[wake_at].revents != 0};
}

ScriptRun::Event ScriptRun::next(std::optional<Time> quiet_at) {
    if (!first_byte_time && !quiet_at) wait_for_quick_end();
    for (;;) {
        const Time now = steady_clock::now();
        if (outbox_->cancelled()) return Event::client_gone;
        if (const auto event = passed_deadline(now)) return *event;
        if (quiet_at && now >= *quiet_at) return Event::quiet;
        // On a loop's own thread nothing is drained before we return.
        const bool has_room = !outbox_->may_wait || !outbox_->is_full();
        if (has_room && held_back_) {
            held_back_ = false;
            last_activity_ = now;
            return Event::room;
        }
        held_back_ = !has_room;
        const Ready ready = wait(has_room, ended_ && has_room ? now : next_deadline(quiet_at));
        if (ready.woken) {
            std::uint64_t count;
            static_cast<void>(!::read(wake_.get(), &count, sizeof count));
        }
        if (ready.errors) read_errors();
        if (ready.output) return read_output();
        // Ended, and nothing is left in the pipe: whoever else holds it is not waited for.
        if (ended_ && has_room) return Event::output_end;
        ended_ = ended_ || ready.ended;
    }
}

/// Most small scripts end within this time after they were started; their output is then read at
/// once, instead of being woken for each piece of it.
void ScriptRun::wait_for_quick_end() {
    const Time until = started_ + quick_time;
    if (ended_ || steady_clock::now() >= until) return;
    std::array<pollfd, 2> fds{{{child_->pidfd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    ended_ = ::poll(fds.data(), fds.size(), poll_timeout(until)) > 0 && fds[0].revents != 0;
}

ScriptRun::Event ScriptRun::read_output() {
    const ssize_t count = read_some(out_.get(), buffer(), buffer_size);
    if (count <= 0) return Event::output_end;
    last_activity_ = steady_clock::now();
    if (!first_byte_time) {
        first_byte_time =
            std::chrono::duration_cast<std::chrono::microseconds>(last_activity_ - started_);
        if (!ended_) early_memory_ = unconfined([this] { return resident_kib(pid_); });
    }
    output_size_ = static_cast<std::size_t>(count);
    return Event::output;
}

void ScriptRun::read_errors() {
    std::array<char, 4096> text;
    const ssize_t count = read_some(err_.get(), text.data(), text.size());
    if (count <= 0) return err_.reset();
    errors_.feed({text.data(), static_cast<std::size_t>(count)},
                 std::chrono::duration_cast<std::chrono::microseconds>(
                     steady_clock::now().time_since_epoch()));
}

/// What is in the pipe, without waiting for who still holds it; bounded, since that one may write.
void ScriptRun::read_errors_to_end() {
    for (int pieces = 0; err_ && pieces < 64 && is_readable(err_.get()); ++pieces) read_errors();
    err_.reset();
}

void ScriptRun::close_output() {
    if (outbox_ != nullptr) outbox_->set_wake({});
    outbox_ = nullptr;
    out_.reset();
}

}  // namespace basehttp
