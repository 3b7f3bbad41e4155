// The daemon's command line; service.hpp has what it does while it serves.
#include <fcntl.h>

#include <csignal>
#include <iostream>

#include "config/config_reader.hpp"
#include "server/daemon/healthcheck.hpp"
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

int run(int argc, const char* const* argv) {
    open_standard_descriptors();
    ignore_early_signals();
    Inheritance inherited = take_inheritance();
    Parsed parsed = read_config(argc, argv);
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
    return Service(argc, argv, std::move(inherited)).run(std::move(parsed));
}

}  // namespace
}  // namespace basehttp

int main(int argc, char** argv) {
    try {
        return basehttp::run(argc, argv);
    } catch (const basehttp::ConfigError& error) {
        std::cerr << error.what() + std::string("\n");
    } catch (const std::exception& error) {
        std::cerr << "basehttpd: " + std::string(error.what()) + "\n";
    }
    return basehttp::exit_usage;
}
