// Signals and waits that cannot hit a stranger: the process is held by a pidfd and was looked at
// after that.
#pragma once

#include <chrono>

#include "handlers/process/process_list.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// A pidfd of exactly this process; empty if it is gone.
Fd open_process(const ProcessStat& process);

/// To this process, if it is still there.
void send_signal(const ProcessStat& process, int number);

/// Until it has ended or a time has come.
void wait_for_end(const ProcessStat& process, std::chrono::steady_clock::time_point until);

/// Waits for a child of ours that has ended, unless it is a script. Does not block. True if it is
/// gone now.
bool reap_if_orphan(int pid);

}  // namespace basehttp
