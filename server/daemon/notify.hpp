// What a service manager is told (sd_notify(3)): a datagram to the socket that it names.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace basehttp {

/// Any thread; it never waits. Without a manager every call does nothing.
class ServiceManager {
  public:
    /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    ServiceManager();

    /// Serving, with what `systemctl status` shows.
    void ready(std::string_view status) const;
    /// A reload begins; ready() ends it.
    void reloading() const;
    /// The end has begun, and may take so long.
    void stopping(std::string_view status, std::chrono::microseconds longest) const;
    /// Another process serves from now on.
    void main_process(int pid) const;
    void status(std::string_view text) const;  ///< Shown by `systemctl status`.
    void alive() const;                        ///< Feeds the watchdog.

    /// How long the watchdog waits for alive(); nullopt: there is none.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  private:
    void tell(const std::string& lines) const;

    std::string socket_;  // a path, or '@' and a name; empty: no manager
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace basehttp
