#include "handlers/process/running_scripts.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <mutex>
#include <vector>

namespace basehttp {
namespace {

struct List {
    std::mutex mutex;
    std::vector<const RunningScript*> entries;
    std::uint64_t last_serial = 0;
    std::uint64_t first_start = 0;
};

/// Never destroyed: threads may still end scripts while the process exits.
List& list() {
    static List& only = *new List;
    return only;
}

}  // namespace

RunningScript::RunningScript() : start_(process_clock()) {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    all.entries.push_back(this);
    serial_ = ++all.last_serial;
    if (all.first_start == 0) all.first_start = start_;
}

RunningScript::~RunningScript() {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    std::erase(all.entries, this);
}

int RunningScript::pid() const { return __atomic_load_n(&pid_, __ATOMIC_ACQUIRE); }

int RunningScript::wait(int& status, rusage& usage) {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    const int result = ::wait4(pid(), &status, WNOHANG | __WALL, &usage);
    if (result != 0) std::erase(all.entries, this);
    return result;
}

bool signal_script_group(std::uint64_t serial, int number) {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    for (const RunningScript* entry : all.entries) {
        if (entry->serial() == serial) return ::kill(-entry->pid(), number) == 0;
    }
    return false;
}

void kill_running_scripts() {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    for (const RunningScript* entry : all.entries)
        if (entry->pid() > 1) ::kill(-entry->pid(), SIGKILL);
}

ScriptMark running_script(int pid) {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    for (const RunningScript* entry : all.entries) {
        if (entry->pid() == pid) return {entry->serial(), entry->start()};
    }
    return {};
}

bool other_script_may_own(std::uint64_t serial, std::uint64_t start) {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    return std::any_of(all.entries.begin(), all.entries.end(), [=](const RunningScript* entry) {
        return entry->serial() != serial && entry->start() <= start;
    });
}

std::uint64_t first_script_start() {
    List& all = list();
    const std::lock_guard lock(all.mutex);
    return all.first_start;
}

std::uint64_t process_clock() {
    static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * per_second +
           static_cast<std::uint64_t>(now.tv_nsec) * per_second / 1'000'000'000u;
}

}  // namespace basehttp
