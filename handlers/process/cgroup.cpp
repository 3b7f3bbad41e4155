#include "handlers/process/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "handlers/process/cgroup_files.hpp"

namespace basehttp {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string limit_text(std::uint64_t limit) { return limit == 0 ? "max" : std::to_string(limit); }

bool is_delegated(const std::string& path) {
    for (const char* name : {"user.delegate", "trusted.delegate"}) {
        char value[2] = {};
        if (::getxattr(path.c_str(), name, value, sizeof value) == 1 && value[0] == '1')
            return true;
    }
    return false;
}

bool may_divide(const std::string& path) {
    return ::access(path.c_str(), W_OK | X_OK) == 0 &&
           ::access((path + "/cgroup.procs").c_str(), W_OK) == 0 &&
           ::access((path + "/cgroup.subtree_control").c_str(), W_OK) == 0;
}

bool is_root(const std::string& path) {
    return ::access((path + "/cgroup.events").c_str(), F_OK) != 0;
}

/// What was delegated to us: our cgroup, or the one above when the service manager has already put
/// us into a part of it (DelegateSubgroup=). Empty with the reason if nothing was.
struct Delegated {
    std::string path;
    bool inside = false;  ///< we are in a part of it
};

Delegated find_delegated(std::string& why_not) {
    const std::string own = own_cgroup();
    if (own.empty()) {
        why_not = "there is no cgroup2 file system, or our cgroup is not below its mount";
        return {};
    }
    const std::string above = own.substr(0, own.rfind('/'));
    for (const Delegated& place : {Delegated{own, false}, Delegated{above, true}}) {
        if (is_root(place.path) || !is_delegated(place.path)) continue;
        if (may_divide(place.path)) return place;
        why_not = place.path + " is delegated, but not writable";
        return {};
    }
    why_not = own + " is not delegated to us (systemd: Delegate=yes)";
    return {};
}

}  // namespace

ScriptCgroups::Leaf::Leaf(ScriptCgroups& owner, std::unique_ptr<LeafFiles> files)
    : owner_(&owner), files_(std::move(files)) {}

ScriptCgroups::Leaf::Leaf(Leaf&&) noexcept = default;

ScriptCgroups::Leaf::~Leaf() {
    if (!files_) return;
    files_->clear();
    owner_->give_back(std::move(files_));
}

int ScriptCgroups::Leaf::directory() const { return files_->directory.get(); }
int ScriptCgroups::Leaf::procs() const { return files_->procs.get(); }

ScriptLimits ScriptCgroups::Leaf::set(const ScriptLimits& limits) const {
    ScriptLimits left = limits;
    const int place = files_->directory.get();
    if (files_->memory) {
        // A limit of memory is none while the rest goes to the disk.
        if (limits.memory != files_->limits.memory) {
            if (!write_cgroup(place, "memory.max", limit_text(limits.memory))) fail("memory.max");
            write_cgroup(place, "memory.swap.max", limits.memory == 0 ? "max" : "0");
            files_->limits.memory = limits.memory;
        }
        left.memory = 0;
    }
    if (files_->pids) {
        if (limits.processes != files_->limits.processes) {
            if (!write_cgroup(place, "pids.max", limit_text(limits.processes))) fail("pids.max");
            files_->limits.processes = limits.processes;
        }
        left.processes = 0;
    }
    return left;
}

void ScriptCgroups::Leaf::kill() { files_->kill_all(); }
void ScriptCgroups::Leaf::signal_all(int number) const { files_->signal_all(number); }
bool ScriptCgroups::Leaf::empty() const { return files_->empty(); }
int ScriptCgroups::Leaf::events() const { return files_->events.get(); }

std::string ScriptCgroups::delegated() {
    std::string why_not;
    return find_delegated(why_not).path;
}

void ScriptCgroups::give_to(unsigned user, unsigned group) {
    const std::string path = delegated();
    if (path.empty()) return;
    for (const char* name : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"})
        if (::chown((path + name).c_str(), user, group) != 0 && errno != ENOENT) fail(path + name);
    // As the service manager's own mark, which only root can read: for an upgrade.
    ::setxattr(path.c_str(), "user.delegate", "1", 1, 0);
}

std::unique_ptr<ScriptCgroups> ScriptCgroups::find(std::string& why_not,
                                                   const std::string& instead) {
    if (!instead.empty()) {
        if (!is_root(instead) && may_divide(instead)) {
            std::unique_ptr<ScriptCgroups> cgroups(new ScriptCgroups(instead));
            cgroups->enable_controllers();
            return cgroups;
        }
        why_not = instead + " is no cgroup that we may divide";
        return nullptr;
    }
    const Delegated place = find_delegated(why_not);
    if (place.path.empty()) return nullptr;
    // Controllers can only be given to the parts when no process is in the whole.
    if (!place.inside) {
        const std::string server = place.path + "/server";
        if (::mkdir(server.c_str(), 0755) != 0 && errno != EEXIST) {
            why_not = server + ": " + std::generic_category().message(errno);
            return nullptr;
        }
        if (!write_cgroup(AT_FDCWD, server + "/cgroup.procs", std::to_string(::getpid()))) {
            why_not = server + "/cgroup.procs: " + std::generic_category().message(errno);
            return nullptr;
        }
    }
    std::unique_ptr<ScriptCgroups> cgroups(new ScriptCgroups(place.path));
    cgroups->enable_controllers();
    return cgroups;
}

ScriptCgroups::ScriptCgroups(std::string path) : path_(std::move(path)) {}

ScriptCgroups::~ScriptCgroups() {
    for (const auto& files : free_) remove_cgroup(files->path);
    remove_retired();
}

/// Those that became empty.
void ScriptCgroups::remove_retired() {
    std::erase_if(retired_, [](const std::string& path) {
        remove_cgroup(path);
        return ::access(path.c_str(), F_OK) != 0;
    });
}

/// One by one: a missing one keeps no other away. Without any, leaves still find and end processes.
void ScriptCgroups::enable_controllers() {
    const std::string control = path_ + "/cgroup.subtree_control";
    for (const char* name : {"+memory", "+pids", "+cpu"}) write_cgroup(AT_FDCWD, control, name);
    const Fd file(::open(control.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string enabled = " " + read_cgroup(file.get()) + " ";
    memory_ = has_word(enabled, "memory");
    pids_ = has_word(enabled, "pids");
}

void ScriptCgroups::give_back(std::unique_ptr<LeafFiles> files) noexcept {
    const bool retires = files->killed || files->divided();
    const std::lock_guard lock(mutex_);
    if (retires) {
        retired_.push_back(std::move(files->path));
        remove_retired();
    } else {
        free_.push_back(std::move(files));
    }
}

/// One in which the last run has really ended.
std::unique_ptr<LeafFiles> ScriptCgroups::take_free() {
    const std::lock_guard lock(mutex_);
    const auto usable = [](const auto& leaf) { return leaf->usable(); };
    const auto found = std::find_if(free_.rbegin(), free_.rend(), usable);
    if (found == free_.rend()) return nullptr;
    auto files = std::move(*found);
    free_.erase(std::next(found).base());
    return files;
}

std::unique_ptr<LeafFiles> ScriptCgroups::make_leaf() {
    for (;;) {
        // With our pid: the program before or after an upgrade has leaves here, too.
        std::string path = path_ + "/script-" + std::to_string(::getpid()) + "-";
        {
            const std::lock_guard lock(mutex_);
            remove_retired();
            path += std::to_string(++last_number_);
        }
        remove_cgroup(path);  // somebody before us may have left it
        auto files = LeafFiles::make(path);
        if (files->usable()) return files;
        files->kill_all();
        give_back(std::move(files));
    }
}

ScriptCgroups::Leaf ScriptCgroups::take() {
    auto files = take_free();
    if (!files) files = make_leaf();
    Leaf leaf(*this, std::move(files));
    leaf.set({});
    return leaf;
}

}  // namespace basehttp
