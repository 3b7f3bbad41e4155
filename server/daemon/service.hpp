// The daemon while it serves: what its signals and its service manager ask of it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "server/daemon/confine.hpp"
#include "server/daemon/generation.hpp"
#include "server/daemon/notify.hpp"
#include "server/daemon/privileges.hpp"
#include "server/daemon/successor.hpp"
#include "server/http_server.hpp"

namespace basehttp {

/// Made and run by main's thread, which handles signals while others serve:
///
///     SIGHUP            reads the settings again; with a mistake in them the old ones stay
///     SIGUSR1           opens the log files again
///     SIGUSR2           starts the program anew, hands over what it listens on, and ends
///     SIGTERM, SIGINT   finishes what runs, then ends; a second one ends at once
class Service {
  public:
    /// `argv` and `inherited` are main's. Signals are kept from here on.
    Service(int argc, const char* const* argv, Inheritance inherited);
    ~Service();

    /// Serves until a signal ends it: the exit status. Throws ConfigError or std::system_error when
    /// it cannot begin.
    int run(Parsed parsed);

  private:
    /// From the newest program to the older ones; by default it does nothing, also to one that
    /// ends.
    static constexpr int hurry_signal = SIGURG;

    void start(Parsed parsed);
    void confine(const Parsed& parsed, const std::optional<Identity>& identity);
    ListeningSockets inherited_sockets_of_all();
    void serve();
    void announce_ready();
    std::string status() const;

    void await_signal();
    void on_signal(int number);
    bool has_lost_terminal() const;
    void reload();
    void apply(std::shared_ptr<const Generation> next, ListeningSockets sockets);
    void reopen_logs();
    void watch_over();
    void reap_now_and_then();

    // service_end.cpp
    void upgrade();
    void upgrade_ended(bool good);
    void begin_end(int number);
    void drain();
    bool speaks_for_older() const;
    void tell_older(int number) const;
    void await_older();
    void hurry();

    const int argc_;
    const char* const* const argv_;
    Inheritance inherited_;
    const std::string program_;  ///< what an upgrade starts
    const bool on_terminal_;
    const ServiceManager manager_;

    boost::asio::io_context control_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer watchdog_, reaper_, drain_delay_, successor_patience_;
    boost::asio::posix::stream_descriptor successor_ready_, older_end_;
    std::optional<Successor> successor_;
    /// Of unix sockets that the program before listened on and this one does not.
    std::vector<std::string> obsolete_files_;
    bool reload_after_upgrade_ = false;  ///< Asked meanwhile: whoever serves then does it.
    std::chrono::steady_clock::time_point upgraded_;
    bool ending_ = false, replaced_ = false;

    std::optional<Confinement> confinement_;  // once it is started
    std::optional<Config> started_with_;
    std::shared_ptr<Log> log_;
    SharedScripts scripts_;
    CurrentGeneration current_;
    std::unique_ptr<ThreadingHTTPServer> server_;
};

}  // namespace basehttp
