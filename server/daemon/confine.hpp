// The daemon confines itself by Landlock to the files that its settings name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "handlers/process/landlock.hpp"
#include "server/daemon/places.hpp"

namespace basehttp {

/// Landlock around the daemon. Main's thread. Scripts are not held by it: where a site has some,
/// their starting is left to threads outside (handlers/process/spawner.hpp), which share our
/// memory: then it holds against mistakes about paths, not against somebody who runs code in here.
class Confinement {
  public:
    /// Prepares; holds nobody yet. After limit_privileges(), before other threads and before
    /// privileges are dropped (what only root can reach is found then). `upgrade`: an older server
    /// has started us, which hands on its confinement when it has no scripts. Throws ConfigError
    /// when the settings need more than that.
    Confinement(const Parsed& parsed, bool upgrade);

    /// Runs `work`, confined, on a thread of its own, and returns or throws what it does: threads
    /// that it starts, such as the log's, are confined for good.
    template <class Work>
    auto inside(Work work) const {
        auto done = std::async(std::launch::async, [this, &work] {
            confine_thread();
            return work();
        });
        return done.get();
    }

    /// Confines this thread and those it will start; where a site has scripts, starts the spawner
    /// first. Once, after privileges are dropped, before loops and workers. What goes wrong is told
    /// by describe(), and the server runs unconfined.
    void enter();

    /// For a reload, before its files are opened. Throws ConfigError that blames the line of a path
    /// outside of this, or tells of scripts where there were none.
    void check(const Parsed& parsed) const;

    /// For the log: "Confined by Landlock ABI 7 to 2 roots, 1 log ...", or why not.
    const std::string& describe() const { return description_; }

  private:
    struct Held {
        dev_t device;
        ino_t inode;
        std::uint64_t rights;
    };
    bool confine_thread() const noexcept;
    void hold(const Place& place);
    bool covers(const Place& place) const;

    std::optional<LandlockRuleset> ruleset_;  // nullopt: not here, or not wanted
    std::vector<Held> held_;                  // what the rules are for
    bool scripts_ = false;
    std::string description_;
};

}  // namespace basehttp
