// The built program as a child of the test, watched: see Daemon.
#pragma once

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// The path of the program under test, from the environment variable BASEHTTPD.
std::string daemon_program();

/// A child that was started: its process group is its own, and it dies with the test.
struct ChildOptions {
    std::vector<std::string> arguments;
    int listening = -1;         ///< becomes descriptor 3 with LISTEN_FDS=1 unless -1
    std::string out, err;       ///< files for its output
    rlim_t descriptors = 0;     ///< RLIMIT_NOFILE, 0: as it is
    bool unprivileged = false;  ///< as uid 65534 when the test is root
};
class Child {
  public:
    explicit Child(const ChildOptions& options);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    int pid() const { return pid_; }
    void signal(int number) const;
    /// Its wait status when it ends in time; a child that does not is killed.
    std::optional<int> wait(int milliseconds);
    /// Waits until `holds` or the end of the child, for at most `milliseconds`; whether it holds.
    bool until(const std::function<bool()>& holds, int milliseconds = 20'000) const;

  private:
    int pid_ = -1;
    Fd pidfd_;
    std::optional<int> status_;
};

/// What `basehttpd ARGUMENTS` printed, for runs that end by themselves.
struct Output {
    int exit_status = -1;  ///< -1: it did not end, or by a signal
    std::string out, err;
};
/// `listening`: as in ChildOptions.
Output run_daemon(const std::vector<std::string>& arguments, int listening = -1);

struct DaemonOptions {
    std::string root = {};                    ///< directory that [site] names; empty: none is named
    std::string ini = {};                     ///< follows "root = ..." of [site]
    std::vector<std::string> arguments = {};  ///< further ones
    /// Parts of the only lines at level warning or error that may, and must, be in the error log.
    std::vector<std::string> expected_log = {};
    bool activation = true;  ///< else the arguments or the INI name an address
    rlim_t descriptors = 0;
    bool unprivileged = false;
    std::string user = {};  ///< whom it becomes by --user; the test is root
};

/// A running basehttpd with two loops, its listening socket handed over as a service manager does.
/// stop(), which the destructor calls, fails the test unless the daemon is in perfect order: no
/// leaked descriptor once the clients are gone, no child, no temporary file, exit status 0 on
/// SIGTERM, nothing on stderr (where sanitizers write), and no unexpected warning or error logged.
/// Make clients after it, so that they are gone before.
class Daemon {
  public:
    explicit Daemon(DaemonOptions options);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon() { stop(); }

    Endpoint endpoint() const { return endpoint_; }
    /// Where the announcement of the error log says it listens; for daemons without activation.
    std::vector<std::string> announced_urls() const;
    std::string error_log() const;
    std::string access_log() const;
    /// The access log once it has so many lines.
    std::string access_log(std::size_t lines) const;
    const Child& child() const { return *child_; }
    /// A line of /proc/PID/status, such as "VmHWM:", in its unit.
    long status_value(std::string_view name) const;
    const TempDir& work() const { return work_; }

    /// An answer on a connection of its own.
    Reply get(std::string_view target, const Fields& fields = {}) const;
    Reply request(std::string_view method, std::string_view target,
                  const Fields& fields = {}) const;
    /// Asks thrice on one connection: GET from a handler or the cache, GET again, HEAD. All must
    /// tell the same.
    Reply get_in_every_way(std::string_view target, const Fields& fields = {}) const;

    /// Asks it to end; stop() then only waits, since a second signal would mean "at once".
    void signal(int number);
    /// Sends SIGTERM, waits for the end and checks everything. Once; later calls do nothing.
    void stop();

  private:
    std::map<std::string, int> descriptors() const;
    std::string leaked_descriptors() const;
    void check_before_end() const;
    void check_logs() const;
    void wait_until_ready();

    TempDir work_;
    DaemonOptions options_;
    Endpoint endpoint_;
    std::unique_ptr<Child> child_;
    std::map<std::string, int> descriptors_at_start_;
    bool signalled_ = false;
    bool stopped_ = false;
};

/// A listening socket on a free port of 127.0.0.1.
std::pair<Fd, Endpoint> listening_socket();

std::string read_text(const std::filesystem::path& file);
std::vector<std::string> lines_of(std::string_view text);

}  // namespace basehttp
