// A process made by fork(), from its start until it is reaped.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/fd.hpp"

namespace basehttp {

struct ProcessEnd {
    enum class Kind { exited, signalled, unknown };
    Kind kind = Kind::unknown;  ///< unknown: somebody else has waited for it, or SIGCHLD is ignored
    int number = 0;             ///< exit status or signal

    bool is_good() const { return kind == Kind::exited && number == 0; }
    /// "ended by signal 11 (Segmentation fault)", "ended with exit status 3".
    std::string text() const;
};

/// One thread. The destructor kills what still runs and waits for it.
class ForkedProcess {
  public:
    /// Runs `body` in a child of this process and _exit()s there: no destructors, nothing flushed.
    /// The child leads a process group of its own, so that Ctrl-C in a shell is the parent's, and
    /// dies when this thread does (PR_SET_PDEATHSIG). Signals that the program handles are at their
    /// default there, but for those that tell of a crash; only SIGPIPE is blocked. `body` starts
    /// when this side can wait for the child, even if the program ignores SIGCHLD. Throws
    /// std::system_error when there is no child; then `body` has not run.
    explicit ForkedProcess(const std::function<void()>& body);
    ForkedProcess(const ForkedProcess&) = delete;
    ForkedProcess& operator=(const ForkedProcess&) = delete;
    ~ForkedProcess();

    int pid() const { return pid_; }
    /// Readable when the child has ended.
    int pidfd() const { return pidfd_.get(); }
    /// To all of its process group; to nobody once it was reaped.
    void signal(int number) const;
    /// How it ended, once; nothing while it runs and afterwards. Only ever waits for this child.
    std::optional<ProcessEnd> reap();

  private:
    std::optional<ProcessEnd> wait(int options);

    int pid_ = -1;
    Fd pidfd_;
    bool reaped_ = false;
};

}  // namespace basehttp
