// A running basehttpd that is changed while it serves: by reloads, and by upgrades to another
// process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/daemon_fixture.hpp"

namespace basehttp {

/// Waits until `holds`, at most 20 s; whether it does.
bool eventually(const std::function<bool()>& holds);

/// The settings of most tests: a free port of 127.0.0.1, and a site in {work}/site. They end in
/// section [site].
inline const std::string usual_settings =
    "[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = {work}/site\n";

/// Follows the process that serves. The destructor ends it unless the test did, and fails the test
/// for anything on stderr, an exit status but 0, and warnings or errors that were not expected.
/// Make clients after it.
class LiveServer {
  public:
    /// In settings "{work}" stands for work(). Logs are {work}/access.log and {work}/error.log,
    /// unless the first line is "own logs"; Landlock is off.
    explicit LiveServer(std::string_view ini, std::vector<std::string> arguments = {});
    LiveServer(const LiveServer&) = delete;
    LiveServer& operator=(const LiveServer&) = delete;
    ~LiveServer();

    const TempDir& work() const { return work_; }
    std::string settings_file() const { return work_ / "basehttpd.ini"; }
    /// The first that it announced, and all.
    Endpoint endpoint() const { return endpoints_.front(); }
    const std::vector<Endpoint>& endpoints() const { return endpoints_; }
    /// Those of the newest line that says where it serves.
    std::vector<Endpoint> announced() const;

    void write_settings(std::string_view ini) const;
    /// Writes the settings, sends SIGHUP, and waits: what the log says of it.
    std::string reload(std::string_view ini);
    std::string reload();  ///< With the settings as they are.
    /// SIGUSR2: waits until another process serves, which is pid() from then on.
    void upgrade();
    /// SIGUSR2 and waits for a line with this part.
    bool upgrade_says(std::string_view part);

    /// That process serves from now on, or would.
    void follow(int pid) { pid_ = pid; }

    int pid() const { return pid_; }
    int first_pid() const { return child_->pid(); }
    void signal(int number) const;
    /// Waits until the serving process has ended: its exit status, or -1. Once.
    int end_status();
    /// Waits for the end of the process that was started first.
    int first_end_status();

    std::string log() const;
    /// Lines of the log with this part.
    std::size_t count(std::string_view part) const;
    /// Waits until the log has so many of these lines.
    bool logs(std::string_view part, std::size_t lines = 1) const;
    /// One line at level warning or above with this part must be in the log.
    void expect(std::string part) { expected_.push_back(std::move(part)); }
    /// Descriptors of the serving process.
    std::size_t descriptors() const;

  private:
    std::string answer_after(std::size_t seen) const;
    void check_log() const;

    TempDir work_;
    std::unique_ptr<Child> child_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::string> expected_;
    int pid_ = -1;
    bool ended_ = false, first_ended_ = false;
};

/// Where a daemon answers, from its URL.
Endpoint endpoint_of(const std::string& url);

/// Adopts what LiveServer's upgrades leave, for waitpid(). In effect for the rest of the process.
void adopt_orphans();

}  // namespace basehttp
