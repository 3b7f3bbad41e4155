#include "handlers/process/process_tree.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <utility>
#include <vector>

#include "handlers/process/process_handle.hpp"
#include "handlers/process/process_list.hpp"
#include "handlers/process/running_scripts.hpp"
#include "handlers/process/spawner.hpp"

namespace basehttp {

struct ProcessTree::Run {
    int pid = 0;
    std::uint64_t serial = 0;  // of its RunningScript
    std::uint64_t start = 0;
    std::string id_entry;  // "UNIQUE_ID=..."
};

namespace {

using std::chrono::steady_clock;
using Run = ProcessTree::Run;
using Runs = std::vector<std::shared_ptr<const Run>>;
constexpr std::chrono::milliseconds kill_time{1'000};
constexpr std::chrono::milliseconds stop_time{200};  // of that, in one go

/// The runs that may own processes now, in the order of their starts.
struct LiveRuns {
    std::mutex mutex;
    Runs runs;
};

LiveRuns& live_runs() {
    static LiveRuns& only = *new LiveRuns;
    return only;
}

Runs copy_of_live_runs() {
    LiveRuns& live = live_runs();
    const std::lock_guard lock(live.mutex);
    return live.runs;
}

/// Who our unknown children are.
enum class Strangers : std::uint8_t {
    none,           ///< all descend from scripts
    by_privileges,  ///< those with no_new_privs do, since only we give it away
    unknown         ///< only what names its run does
};

std::atomic<int> apart{0};  // see set_apart()

bool is_apart(int pid) {
    const int which = apart;
    return which == every_child || which == pid;
}

/// As before become_subreaper(): nothing was looked at.
std::atomic<Strangers> strangers{Strangers::unknown};

Strangers look_for_strangers() {
    if (::getpid() != 1 && main_thread_children().empty()) return Strangers::none;
    const bool have_it = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    return have_it ? Strangers::unknown : Strangers::by_privileges;
}

bool may_be_of_script(const ProcessStat& orphan) {
    const std::uint64_t first = first_script_start();
    if (first == 0 || orphan.start < first) return false;
    switch (strangers.load()) {
        case Strangers::none:
            return true;
        case Strangers::by_privileges:
            return has_no_new_privs(orphan.pid);
        case Strangers::unknown:
            break;
    }
    return false;
}

/// Whether one of our children that is no script belongs to the run.
bool owns_orphan(const Run& run, const ProcessStat& orphan) {
    const Runs runs = copy_of_live_runs();
    const std::string environment = read_environment(orphan.pid);
    const auto named = std::find_if(runs.begin(), runs.end(), [&environment](const auto& other) {
        return has_entry(environment, other->id_entry);
    });
    if (named != runs.end()) return named->get() == &run;
    if (!may_be_of_script(orphan)) return false;
    // The number of a group is not given away while the group has members, so the last run is it.
    const auto leader = std::find_if(runs.rbegin(), runs.rend(), [&orphan](const auto& other) {
        return other->pid == orphan.group && other->start <= orphan.start;
    });
    if (leader != runs.rend()) return leader->get() == &run;
    const bool other_run = std::any_of(runs.begin(), runs.end(), [&](const auto& other) {
        return other.get() != &run && other->start <= orphan.start;
    });
    // A script that is just being started has no run yet, and perhaps not even a known pid.
    return !other_run && !other_script_may_own(run.serial, orphan.start);
}

/// Whether a child of ours belongs to the run: as the script itself or as an orphan.
bool owns_child(const Run& run, const ProcessStat& child) {
    if (is_apart(child.pid)) return false;
    const std::uint64_t serial = running_script(child.pid).serial;
    return serial != 0 ? serial == run.serial : owns_orphan(run, child);
}

/// The living processes of the run that one look at /proc finds.
std::vector<ProcessStat> find_processes(const Run& run) {
    std::vector<ProcessStat> others = all_processes();
    std::vector<ProcessStat> found;
    const auto take_if = [&](auto is_of_run) {
        const auto rest = std::partition(others.begin(), others.end(),
                                         [&](const auto& process) { return !is_of_run(process); });
        found.insert(found.end(), rest, others.end());
        others.erase(rest, others.end());
    };
    const int self = ::getpid();
    std::erase_if(others, [](const auto& process) { return !process.alive; });
    take_if(
        [&](const auto& process) { return process.parent == self && owns_child(run, process); });
    for (std::size_t done = 0; done < found.size(); ++done) {
        const int parent = found[done].pid;
        take_if([parent](const auto& process) { return process.parent == parent; });
    }
    return found;
}

/// Stops all, those too that are forked meanwhile, until nothing new is found. Parents stay, and
/// with them the chains by which their children are found.
std::vector<ProcessStat> stop_all(const Run& run, steady_clock::time_point until) {
    std::vector<ProcessStat> stopped;
    const auto is_known = [&stopped](const ProcessStat& process) {
        return std::any_of(stopped.begin(), stopped.end(),
                           [&](const auto& known) { return known.same_process(process); });
    };
    for (bool found_new = true; found_new && steady_clock::now() < until;) {
        found_new = false;
        for (const ProcessStat& process : find_processes(run)) {
            if (is_known(process)) continue;
            send_signal(process, SIGSTOP);
            stopped.push_back(process);
            found_new = true;
        }
    }
    return stopped;
}

/// The script itself, not what it started.
bool script_runs(const Run& run) {
    if (running_script(run.pid).serial != run.serial) return false;
    siginfo_t info{};
    const auto pid = static_cast<id_t>(run.pid);
    return ::waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/// Without scripts, which come and go.
std::vector<int> adopted_children() {
    std::vector<int> children = main_thread_children();
    std::erase_if(children,
                  [](int pid) { return is_apart(pid) || running_script(pid).serial != 0; });
    return children;
}

/// What leaves its group, forks and ends at once is never there when a look at all of /proc comes
/// to it. But each such process is our child for a moment, the last of the list.
void kill_orphans(const Run& run, steady_clock::time_point until) {
    for (bool found = true; found && steady_clock::now() < until;) {
        found = false;
        const std::vector<int> children = adopted_children();
        for (auto pid = children.rbegin(); pid != children.rend(); ++pid) {
            if (reap_if_orphan(*pid)) {
                found = true;  // its child may be ours now
                continue;
            }
            const auto orphan = read_process(*pid);
            if (!orphan || !owns_orphan(run, *orphan)) continue;
            send_signal(*orphan, SIGKILL);
            found = true;
        }
    }
}

/// Everything that lives on after the script descends from an orphan of ours, so only our children
/// need a look. The list of them may miss some while it changes: it must be the same twice.
bool orphans_left(const Run& run) {
    std::vector<int> before;
    for (int attempt = 0; attempt < 8; ++attempt) {
        std::vector<int> children = adopted_children();
        if (children.empty()) return false;
        std::erase_if(children, reap_if_orphan);
        if (attempt > 0 && children == before) return false;
        for (const int pid : children) {
            const auto child = read_process(pid);
            if (child && child->alive && owns_orphan(run, *child)) return true;
        }
        before = std::move(children);
    }
    return true;
}

std::size_t kill_all(const Run& run) {
    const auto until = steady_clock::now() + kill_time;
    std::size_t left = 0;
    do {
        const auto part = std::min(until, steady_clock::now() + stop_time);
        signal_script_group(run.serial, SIGSTOP);
        const auto stopped = stop_all(run, part);
        signal_script_group(run.serial, SIGKILL);
        for (const ProcessStat& process : stopped) send_signal(process, SIGKILL);
        for (const ProcessStat& process : stopped) wait_for_end(process, until);
        kill_orphans(run, std::min(until, part + stop_time));
        left = find_processes(run).size();
        if (left == 0 && orphans_left(run)) left = 1;
    } while (left > 0 && steady_clock::now() < until);
    return left;
}

}  // namespace

bool become_subreaper() {
    // Were it ignored, children would vanish without a status.
    ::signal(SIGCHLD, SIG_DFL);
    open_main_thread_children();
    strangers = look_for_strangers();
    return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

bool is_subreaper() {
    int is = 0;
    return ::prctl(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0) == 0 && is == 1;
}

void set_apart(int pid) { apart = pid; }

void reap_orphans() {
    for (const int pid : adopted_children()) reap_if_orphan(pid);
}

ProcessTree::ProcessTree(int script_pid, std::string unique_id) {
    const ScriptMark mark = running_script(script_pid);
    run_ = std::make_shared<const Run>(
        Run{script_pid, mark.serial, mark.start, "UNIQUE_ID=" + std::move(unique_id)});
    LiveRuns& live = live_runs();
    const std::lock_guard lock(live.mutex);
    live.runs.push_back(run_);
}

ProcessTree::~ProcessTree() {
    LiveRuns& live = live_runs();
    const std::lock_guard lock(live.mutex);
    std::erase(live.runs, run_);
}

bool ProcessTree::anything_left() const {
    if (script_runs(*run_)) return true;
    return !adopted_children().empty() && unconfined([this] { return orphans_left(*run_); });
}

std::size_t ProcessTree::signal_all(int number) const {
    return unconfined([this, number] { return signal_here(number); });
}

std::size_t ProcessTree::signal_here(int number) const {
    if (number == SIGKILL) return kill_all(*run_);
    const auto processes = find_processes(*run_);
    const bool to_group = signal_script_group(run_->serial, number);
    for (const ProcessStat& process : processes) {
        if (!to_group || process.group != run_->pid) send_signal(process, number);
        if (number == SIGTERM)
            send_signal(process, SIGCONT);  // or one that is stopped never sees it
    }
    return processes.size();
}

}  // namespace basehttp
