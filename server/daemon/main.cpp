// The daemon's command line; service.hpp has what it does while it serves.
#include <fcntl.h>

#include <csignal>
#include <iostream>
#include <optional>
#include <system_error>

#include "config/config_reader.hpp"
#include "server/daemon/healthcheck.hpp"
#include "server/daemon/listening.hpp"
#include "server/daemon/make_log.hpp"
#include "server/daemon/make_tls.hpp"
#include "server/daemon/privileges.hpp"
#include "server/daemon/run_offline.hpp"
#include "server/daemon/service.hpp"

namespace basehttp {
namespace {

constexpr int exit_usage = 2;

/// Without standard descriptors, sockets would become them, and messages would go to clients.
void open_standard_descriptors() {
    for (const int fd : {0, 1, 2})
        if (::fcntl(fd, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));
}

/// Those that a running server reacts to must not end one that is about to run.
void ignore_early_signals() {
    for (const int number : {SIGHUP, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
}

/// While it lives, SIGTERM and SIGINT wait. To process 1 of a container they would be lost: its
/// default for them is nothing.
class HeldSignals {
  public:
    HeldSignals() {
        sigset_t ends;
        ::sigemptyset(&ends);
        for (const int number : {SIGTERM, SIGINT}) ::sigaddset(&ends, number);
        ::pthread_sigmask(SIG_BLOCK, &ends, &before_);
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_;
};

int run(int argc, const char* const* argv) {
    std::optional<HeldSignals> held(std::in_place);
    open_standard_descriptors();
    ignore_early_signals();
    Inheritance inherited = take_inheritance();
    Parsed parsed = read_config(argc, argv);
    if (parsed.action != Action::serve) held.reset();
    switch (parsed.action) {
        case Action::version:
            std::cout << "basehttpd " BASEHTTPD_VERSION "\n";
            return 0;
        case Action::help:
        case Action::print:
            std::cout << parsed.text;
            return 0;
        case Action::check:
            find_identity(parsed);
            check_log(parsed);
            check_addresses(parsed);
            make_tls(parsed);
            std::cout << "The configuration is good.\n";
            return 0;
        case Action::cgi:
            return run_offline(parsed);
        case Action::healthcheck:
            return run_healthcheck(parsed);
        case Action::serve:
            break;
    }
    Service service(argc, argv, std::move(inherited));
    held.reset();
    return service.run(std::move(parsed));
}

}  // namespace
}  // namespace basehttp

int main(int argc, char** argv) {
    try {
        return basehttp::run(argc, argv);
    } catch (const basehttp::ConfigError& error) {
        std::cerr << error.what() + std::string("\n");
    } catch (const std::system_error& error) {
        std::string advice;
        if (error.code() == std::errc::resource_unavailable_try_again)  // of threads
            advice = "; raise TasksMax of the unit, the container's pids or ulimit -u";
        std::cerr << "basehttpd: " + std::string(error.what()) + advice + "\n";
    } catch (const std::exception& error) {
        std::cerr << "basehttpd: " + std::string(error.what()) + "\n";
    }
    return basehttp::exit_usage;
}
