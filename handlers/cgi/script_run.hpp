// One run of a script: its pipes, its deadlines and its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/cgi/stderr_lines.hpp"
#include "handlers/process/cgroup.hpp"
#include "handlers/process/child_process.hpp"
#include "handlers/process/process_tree.hpp"
#include "server/exchange/outbox.hpp"

namespace basehttp {

/// One thread, which waits in next() for whatever comes first: output, errors, the end, a deadline,
/// the client. Nothing is read that the client cannot take, so a slow client holds back the script
/// and not our memory. The destructor ends all processes of the run.
class ScriptRun {
  public:
    using Time = std::chrono::steady_clock::time_point;

    enum class Event : std::uint8_t {
        output,       ///< output() has a piece
        output_end,   ///< nothing more will come: the script closed its output or has ended
        room,         ///< the client can take more
        quiet,        ///< `quiet_at` has come before anything else
        no_answer,    ///< ScriptTimeouts::first_byte
        silence,      ///< ScriptTimeouts::silence
        too_long,     ///< ScriptTimeouts::total
        client_gone,  ///< or the server stops
    };

    /// Why it is ended when that deadline passes: "no output for 60 s".
    static std::string describe(Event deadline, const ScriptTimeouts& timeouts);

    /// Starts the script, in a cgroup where there are some. `in` becomes its stdin. Throws
    /// std::system_error as ChildProcess::spawn.
    ScriptRun(SpawnRequest request, Fd in, const CgiSettings& settings, std::string id,
              Outbox& outbox, StderrLines::Write log);
    ~ScriptRun();
    ScriptRun(const ScriptRun&) = delete;
    ScriptRun& operator=(const ScriptRun&) = delete;

    /// Waits. Output is left in the pipe while the outbox is full.
    Event next(std::optional<Time> quiet_at = {});
    /// Valid until the next call of next() for any run of this thread.
    std::string_view output() const;

    /// Takes no more output: a script that writes on gets SIGPIPE. Forgets the outbox.
    void close_output();
    /// Waits a moment for a script that has closed its output. Whether it has ended, with all that
    /// it started.
    bool settle();
    /// Waits until it ends by itself, a deadline passes or `gives_up` says so (asked now and then),
    /// then does terminate(). The deadline that passed.
    std::optional<Event> wait_for_end(const std::function<bool()>& gives_up);
    /// Ends every process that is left: SIGTERM, after the grace SIGKILL. Returns when they are
    /// gone; then end() tells how the script ended.
    void terminate();

    const std::optional<ChildEnd>& end() const { return end_; }
    /// Whether the script itself was running when terminate() ended it.
    bool was_terminated() const { return terminated_; }
    /// Whether processes were left when the script had ended.
    bool left_behind() const { return left_behind_; }
    int pid() const { return pid_; }
    const std::string& id() const { return id_; }
    /// The last lines of stderr, after the end.
    const std::string& error_tail();

    std::chrono::microseconds spawn_time{};                    ///< what starting it took
    std::optional<std::chrono::microseconds> first_byte_time;  ///< from the start; of the output

  private:
    struct Ready {
        bool output = false, errors = false, ended = false, woken = false;
    };
    static char* buffer();
    std::optional<Event> passed_deadline(Time now) const;
    Time next_deadline(std::optional<Time> quiet_at) const;
    Ready wait(bool want_output, Time until);
    void wait_for_quick_end();
    Event read_output();
    void read_errors();
    void read_errors_to_end();
    bool wait_until_gone(Time until);
    bool anything_left() const;
    void signal_all(int number);
    void finish();

    const ScriptTimeouts timeouts_;
    const std::string id_;
    Outbox* outbox_;
    Fd wake_;  // eventfd: something happened to the outbox
    Fd out_, err_;
    Time started_, last_activity_;
    std::optional<ChildProcess> child_;
    int pid_ = -1;
    std::optional<ScriptCgroups::Leaf> cgroup_;
    std::optional<ProcessTree> tree_;  // without cgroup
    bool ended_ = false;               // the script itself; perhaps not what it started
    bool held_back_ = false;           // the last wait was for room
    StderrLines errors_;
    bool terminated_ = false, left_behind_ = false;
    std::optional<ChildEnd> end_;
    long early_memory_ = 0;  // KiB at the first output: a small script's peak is not told otherwise
    std::size_t output_size_ = 0;

    static constexpr std::size_t buffer_size = 64u << 10;
};

}  // namespace basehttp
