// A site with scripts, and what tests of scripts ask about processes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/daemon_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// A document root with executable files in cgi-bin; others may read it too, so that a daemon of
/// another user can serve it.
class CgiSite {
  public:
    CgiSite();

    std::string root() const { return files_.str(); }
    const TempDir& files() const { return files_; }
    /// The executable file cgi-bin/NAME.
    std::filesystem::path script(std::string_view name, std::string_view text) const;
    /// An executable file anywhere in the site.
    std::filesystem::path program(std::string_view name, std::string_view text) const;
    /// A FIFO in the site's root, open at both ends here so that a script's open() never waits.
    Fd fifo(std::string_view name) const;

    /// Processes whose working directory is in the site: its scripts and their descendants.
    std::vector<int> processes() const;
    /// Waits until there is none, as long as `daemon` runs.
    bool idle(const Daemon& daemon) const;
    /// Waits until there are so many.
    bool runs(const Daemon& daemon, std::size_t count) const;

  private:
    TempDir files_;
};

/// "[cgi]", scripts in /cgi-bin, and further lines.
std::string cgi_ini(std::string_view lines = {});

/// Lines of the error log at level warning or above.
std::vector<std::string> reports(const Daemon& daemon);

/// Writes all to a FIFO.
void write_line(const Fd& fifo, std::string_view line);

struct Run {
    int status = -1;  ///< exit status; -1: a signal
    std::string out;
};

/// A shell command, ended after so many seconds.
Run run_command(const std::string& command, int seconds);
bool has_program(const std::string& name);
/// Whether all these programs or files are there; prints SKIPPED if not.
bool has_all(const std::vector<std::string>& names);

bool has(std::string_view text, std::string_view part);

/// An answer that may be cut, as it was sent.
struct RawReply {
    int status = 0;
    std::string head;  ///< with the status line
    std::string body;  ///< what came of it, without chunked framing
    bool whole = false;
};
/// All that came on a connection that is closed now: one answer.
RawReply parse_reply(std::string_view sent);
/// GET with "Connection: close" on a connection of its own.
RawReply raw_get(const Daemon& daemon, std::string_view target);

/// "http://127.0.0.1:PORT"
std::string url_of(const Daemon& daemon);

}  // namespace basehttp
