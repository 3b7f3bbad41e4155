// A cgroup (v2) for each run of a script, where the system has delegated us one.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "handlers/process/script_limits.hpp"
#include "server/api.hpp"
#include "server/fd.hpp"

namespace basehttp {

struct LeafFiles;

/// Scripts run as our user: without a sandbox one that means to can write itself into another of
/// our cgroups. ProcessTree finds those too.
///
/// The cgroup of this process, divided: "server" for us and "script-PID-N" for the runs, which are
/// used again and again (not after kill()). Any thread. One for the whole process; outlives its
/// leaves. The destructor removes the empty leaves; we stay in "server", for whoever delegated the
/// rest to remove.
class BASEHTTP_API ScriptCgroups {
  public:
    /// The cgroup of one run. It goes back to the free list at the end; then everything in it is
    /// killed first. Used by one thread at a time.
    class Leaf {
      public:
        Leaf(Leaf&&) noexcept;  ///< Leaves the other without a cgroup: only to be destroyed.
        Leaf& operator=(Leaf&&) = delete;
        ~Leaf();

        int directory() const;  ///< SpawnRequest::cgroup
        int procs() const;      ///< SpawnRequest::cgroup_procs

        /// For the whole run. Returns those limits that it cannot hold (no such controller; CPU
        /// seconds always), for SpawnRequest::limits.
        ScriptLimits set(const ScriptLimits& limits) const;

        /// SIGKILL to everything in it, also to what forks meanwhile. Does not wait for the end.
        void kill();
        /// Any other signal, to each process once.
        void signal_all(int number) const;

        /// No process, zombies aside. The end of a process shows here a little later than on its
        /// pidfd: poll events().
        bool empty() const;
        int events() const;  ///< has POLLPRI when empty() may tell something else than before

      private:
        friend class ScriptCgroups;
        Leaf(ScriptCgroups& owner, std::unique_ptr<LeafFiles> files);
        ScriptCgroups* owner_;
        std::unique_ptr<LeafFiles> files_;  // nullptr: moved from
    };

    /// nullptr with the reason, for the log, unless the process's own cgroup was delegated to it:
    /// it may write there and the extended attribute user.delegate or trusted.delegate is "1"
    /// (systemd's Delegate=yes); never the root cgroup. Moves this process into "server".
    /// `instead`, for tests: divide this directory and leave the process where it is.
    static std::unique_ptr<ScriptCgroups> find(std::string& why_not,
                                               const std::string& instead = {});
    ScriptCgroups(const ScriptCgroups&) = delete;
    ScriptCgroups& operator=(const ScriptCgroups&) = delete;
    ~ScriptCgroups();

    /// The directory that find() divides or has divided; empty: nothing is delegated.
    static std::string delegated();
    /// For root, who will be another user: makes it that user's, as far as it needs to be.
    static void give_to(unsigned user, unsigned group);

    /// An empty leaf without limits. Throws std::system_error when there is none free and none can
    /// be made.
    Leaf take();

    bool has_memory() const { return memory_; }  ///< ScriptLimits::memory holds for the whole run
    bool has_pids() const { return pids_; }      ///< ScriptLimits::processes holds too
    const std::string& path() const { return path_; }  ///< directory of the divided cgroup

  private:
    explicit ScriptCgroups(std::string path);
    void enable_controllers();
    void give_back(std::unique_ptr<LeafFiles> files) noexcept;
    std::unique_ptr<LeafFiles> take_free();
    std::unique_ptr<LeafFiles> make_leaf();
    void remove_retired();

    std::string path_;
    bool memory_ = false, pids_ = false;
    std::mutex mutex_;
    std::vector<std::unique_ptr<LeafFiles>> free_;
    std::vector<std::string> retired_;  // paths: to be removed when empty
    std::size_t last_number_ = 0;
};

}  // namespace basehttp
