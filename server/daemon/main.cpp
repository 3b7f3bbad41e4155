// The daemon: settings, logs, sites, sockets, then serving until a signal says stop.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <system_error>
#include <thread>

#include "config/config_reader.hpp"
#include "handlers/process/process_tree.hpp"
#include "handlers/process/running_scripts.hpp"
#include "server/daemon/listening.hpp"
#include "server/daemon/make_log.hpp"
#include "server/daemon/make_settings.hpp"
#include "server/daemon/make_sites.hpp"
#include "server/daemon/make_tls.hpp"
#include "server/daemon/run_offline.hpp"
#include "server/daemon/trim_memory.hpp"
#include "server/http_server.hpp"

namespace basehttp {
namespace {

constexpr int exit_usage = 2;

/// As many descriptors as this process may have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// SIGINT and SIGTERM, caught from its construction on.
struct Signals {
    boost::asio::io_context control;
    boost::asio::signal_set signals{control, SIGINT, SIGTERM};
};

/// SIGINT or SIGTERM: finish what runs. A second one: leave at once.
void serve_until_signal(HTTPServer& server, Signals& caught) {
    auto& [control, signals] = caught;
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (error) return;
        server.log().write(LogLevel::info, "Stopping: running requests are finished");
        server.request_shutdown();
        signals.async_wait([](const boost::system::error_code& again, int) {
            if (again) return;
            kill_running_scripts();
            ::_exit(1);
        });
    });
    std::thread serving([&] {
        server.serve_forever();
        control.stop();
    });
    control.run();
    serving.join();
}

std::string cache_report(const CacheCounters& cache) {
    return "Cache: " + std::to_string(cache.hits) + " hits, " + std::to_string(cache.misses) +
           " misses, " + std::to_string(cache.stale) + " stale, " +
           std::to_string(cache.evictions) + " evicted; " + std::to_string(cache.entries) +
           " entries of " + std::to_string(cache.bytes) + " bytes";
}

int serve(const Parsed& parsed) {
    std::signal(SIGPIPE, SIG_IGN);
    Signals signals;
    raise_descriptor_limit();
    if (has_scripts(parsed.config)) become_subreaper();
    const auto log = make_log(parsed);
    const auto tls = make_tls(parsed);
    const auto sites = make_sites(parsed.config, *log);
    ThreadingHTTPServer server({}, site_handlers(parsed.config, sites), false);
    server.set_log(log);
    server.tls = tls;
    server.settings = http_settings(parsed.config);
    server.settings.canonical_host = [sites](std::string_view host) {
        return sites->canonical_name(host);
    };
    server.settings.make_replay = site_replays(parsed.config, sites);
    server.max_waiting = parsed.config.queue;
    server.max_workers = parsed.config.threads != 0
                             ? parsed.config.threads
                             : std::max(8u, 4 * std::thread::hardware_concurrency());
    server.defer_accept = true;
    if (tls) describe_tls(*tls, parsed.config, *log);
    listen(server, parsed);
    announce(server, parsed.config);
    trim_memory();
    serve_until_signal(server, signals);
    log->write(LogLevel::info, cache_report(server.cache_counters()));
    server.server_close();
    log->write(LogLevel::info, "Stopped");
    return 0;
}

int run(int argc, const char* const* argv) {
    const Parsed parsed = read_config(argc, argv);
    switch (parsed.action) {
        case Action::version:
            std::cout << "basehttpd " BASEHTTPD_VERSION "\n";
            return 0;
        case Action::help:
        case Action::print:
            std::cout << parsed.text;
            return 0;
        case Action::check:
            make_tls(parsed);
            std::cout << "The configuration is good.\n";
            return 0;
        case Action::cgi:
            return run_offline(parsed);
        case Action::serve:
            break;
    }
    return serve(parsed);
}

}  // namespace
}  // namespace basehttp

int main(int argc, char** argv) {
    try {
        return basehttp::run(argc, argv);
    } catch (const basehttp::ConfigError& error) {
        std::cerr << error.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "basehttpd: " << error.what() << '\n';
    }
    return basehttp::exit_usage;
}
