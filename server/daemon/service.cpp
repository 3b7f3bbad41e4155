#include "server/daemon/service.hpp"

#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <thread>

#include "handlers/process/process_tree.hpp"
#include "server/daemon/listening.hpp"
#include "server/daemon/make_log.hpp"
#include "server/daemon/make_settings.hpp"
#include "server/daemon/make_tls.hpp"
#include "server/daemon/trim_memory.hpp"

namespace basehttp {
namespace {

/// As many descriptors as this process may have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string cache_report(const CacheCounters& cache) {
    return "Cache: " + std::to_string(cache.hits) + " hits, " + std::to_string(cache.misses) +
           " misses, " + std::to_string(cache.stale) + " stale, " +
           std::to_string(cache.evictions) + " evicted; " + std::to_string(cache.entries) +
           " entries of " + std::to_string(cache.bytes) + " bytes";
}

/// Those of unix sockets, to whom we become: its proxies are to connect.
void give_socket_files(const TCPServer& server, const Identity& identity) {
    for (const auto& socket : server.sockets())
        if (!socket->unix_path.empty())
            static_cast<void>(!::lchown(socket->unix_path.c_str(), identity.user, identity.group));
}

/// Those of unix sockets that are in `all` and not in `chosen`.
std::vector<std::string> files_not_in(const ListeningSockets& all, const ListeningSockets& chosen) {
    std::vector<std::string> files;
    for (const auto& socket : all) {
        const bool stays = std::any_of(chosen.begin(), chosen.end(), [&](const auto& one) {
            return one->unix_path == socket->unix_path;
        });
        if (!stays && !socket->unix_path.empty()) files.push_back(socket->unix_path);
    }
    return files;
}

/// What only a new process can change, and has changed since this one began: the names of the keys.
std::string left_for_a_restart(const Config& begun, const Config& next) {
    std::string names;
    const auto add = [&names](bool changed, const char* name) {
        if (changed) names += std::string(names.empty() ? "" : ", ") + name;
    };
    add(begun.loops != next.loops, "loops");
    add(begun.user != next.user, "user");
    add(begun.group != next.group, "group");
    add(begun.no_new_privileges != next.no_new_privileges, "no_new_privileges");
    add(begun.landlock != next.landlock, "landlock");
    return names;
}

}  // namespace

Service::Service(int argc, const char* const* argv, Inheritance inherited)
    : argc_(argc),
      argv_(argv),
      inherited_(std::move(inherited)),
      program_(own_program(argv[0])),
      on_terminal_(::isatty(STDERR_FILENO) == 1),
      signals_(control_, SIGINT, SIGTERM, SIGHUP),
      watchdog_(control_),
      reaper_(control_),
      drain_delay_(control_),
      successor_patience_(control_),
      successor_ready_(control_),
      older_end_(control_) {
    signals_.add(SIGUSR1);
    signals_.add(SIGUSR2);
    signals_.add(hurry_signal);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow costs its request
}

Service::~Service() = default;

int Service::run(Parsed parsed) {
    start(std::move(parsed));
    serve();
    log_->write(LogLevel::info, cache_report(server_->cache_counters()));
    server_->server_close();
    log_->write(LogLevel::info, "Stopped");
    return 0;
}

void Service::start(Parsed parsed) {
    raise_descriptor_limit();
    if (has_scripts(parsed.config) || ::getpid() == 1) become_subreaper();
    const auto identity = find_identity(parsed);
    limit_privileges(parsed.config, identity);
    confinement_.emplace(parsed, static_cast<bool>(inherited_));
    make_log_files(parsed.config, identity);
    log_ = confinement_->inside([&] {
        act_as(identity);
        return make_log(parsed);
    });
    const auto first = make_generation(std::move(parsed), scripts_, *log_, nullptr);
    const Config& config = first->parsed.config;
    started_with_ = config;
    current_.set(first);
    server_ = std::make_unique<ThreadingHTTPServer>(Address{}, current_.handlers(), false);
    server_->set_log(log_);
    server_->tls = first->tls;
    server_->settings = first->settings;
    server_->max_waiting = config.queue;
    server_->max_workers = worker_threads(config);
    server_->request_queue_size = config.backlog;
    server_->defer_accept = server_->closes_at_shutdown = true;
    if (first->tls) describe_tls(*first->tls, config, *log_);
    server_->owns_socket_files = !inherited_;  // who started us still serves
    const ListeningSockets given = inherited_sockets_of_all();
    server_->replace_sockets(choose_sockets(*server_, first->parsed, given));
    obsolete_files_ = files_not_in(given, server_->sockets());
    if (identity) give_socket_files(*server_, *identity);
    server_->server_activate();
    confine(first->parsed, identity);
    log_->write(LogLevel::info, status() + " (Ctrl-C stops)");
    trim_memory();
}

/// The last step before loops and workers: all that needed more is open.
void Service::confine(const Parsed& parsed, const std::optional<Identity>& identity) {
    drop_privileges(parsed, identity);
    confinement_->enter();
    log_->write(LogLevel::info, confinement_->describe() + "; " + describe_privileges(identity));
    for (const std::string& warning : privilege_warnings(parsed))
        log_->write(LogLevel::warning, warning);
}

/// Of the program before an upgrade, or of the service manager.
ListeningSockets Service::inherited_sockets_of_all() {
    ListeningSockets all;
    auto given = inherited_ ? std::move(inherited_.sockets) : manager_sockets();
    for (auto& [name, socket] : given) {
        auto one = std::make_shared<ListeningSocket>();
        one->socket = std::move(socket);
        one->role = -1;  // to be chosen
        one->name = name;
        if (name.starts_with("unix:")) one->unix_path = name.substr(5);
        all.push_back(std::move(one));
    }
    return all;
}

/// SIGTERM and the others are handled here while another thread serves.
void Service::serve() {
    await_signal();
    server_->on_serving = [this] { control_.post([this] { announce_ready(); }); };
    std::exception_ptr failure;
    std::thread serving([this, &failure] {
        try {
            server_->serve_forever();
        } catch (...) {  // no threads or descriptors to be had
            failure = std::current_exception();
        }
        control_.post([this] { await_older(); });
    });
    control_.run();
    serving.join();
    if (failure) std::rethrow_exception(failure);
}

/// The loops accept: who waits for us may go on.
void Service::announce_ready() {
    if (ending_) return;
    manager_.ready(status());
    if (inherited_) {
        server_->owns_socket_files = true;
        // Nobody there: the older program has given us up, and serves on.
        if (::write(inherited_.ready.get(), "1", 1) != 1) {
            server_->owns_socket_files = false;
            return begin_end(SIGINT);
        }
        for (const std::string& path : obsolete_files_) ::unlink(path.c_str());
        inherited_.ready.reset();
    }
    watch_over();
    reap_now_and_then();
}

std::string Service::status() const {
    return announcement(*server_, current_.get()->parsed.config);
}

void Service::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        await_signal();
        on_signal(number);
    });
}

void Service::on_signal(int number) {
    if (number == SIGUSR1) return reopen_logs();
    if (number == hurry_signal) return hurry();
    if (number == SIGTERM || number == SIGINT || (number == SIGHUP && has_lost_terminal()))
        return begin_end(number);
    if (ending_)
        log_->write(LogLevel::warning, "A signal was ignored: the server is about to end");
    else if (number == SIGUSR2)
        upgrade();
    else if (successor_)
        reload_after_upgrade_ = true;
    else
        reload();
}

/// A server that was started in a terminal ends with it.
bool Service::has_lost_terminal() const {
    termios state{};
    return on_terminal_ && ::tcgetattr(STDERR_FILENO, &state) != 0;
}

void Service::reload() {
    manager_.reloading();
    const auto now = current_.get();
    try {
        Parsed parsed = read_config(argc_, argv_);
        confinement_->check(parsed);
        auto next = make_generation(std::move(parsed), scripts_, *log_, now.get());
        auto sockets = choose_sockets(*server_, next->parsed, server_->sockets());
        reconfigure_log(*log_, next->parsed);
        apply(std::move(next), std::move(sockets));
    } catch (const std::exception& error) {
        log_->write(LogLevel::error,
                    std::string("Not reloaded, the old settings stay: ") + error.what());
        return manager_.ready(std::string("Not reloaded: ") + error.what());
    }
    const std::string later = left_for_a_restart(*started_with_, current_.get()->parsed.config);
    if (!later.empty())
        log_->write(LogLevel::warning, "Reloaded, but a restart is needed for: " + later);
    log_->write(LogLevel::info, "Reloaded: " + status());
    manager_.ready(status());
}

/// What the settings can be wrong about was found before.
void Service::apply(std::shared_ptr<const Generation> next, ListeningSockets sockets) {
    const Config& config = next->parsed.config;
    if (has_scripts(config) && !is_subreaper()) become_subreaper();
    if (next->tls && next->tls != server_->tls) describe_tls(*next->tls, config, *log_);
    limit_scripts(config, scripts_);
    server_->resize_pool(worker_threads(config), config.queue);
    server_->request_queue_size = config.backlog;
    server_->reconfigure(next->settings, next->tls);
    current_.set(std::move(next));
    server_->replace_sockets(std::move(sockets));
}

void Service::reopen_logs() {
    if (log_->reopen()) log_->write(LogLevel::info, "The log files were opened again");
}

/// Process 1 of a container gets orphans that no script left, such as those of `docker exec`.
void Service::reap_now_and_then() {
    if (::getpid() != 1) return;
    reap_orphans();
    reaper_.expires_after(std::chrono::seconds(2));
    reaper_.async_wait([this](const boost::system::error_code& error) {
        if (!error) reap_now_and_then();
    });
}

/// Feeds the watchdog for as long as every loop goes round.
void Service::watch_over() {
    if (!manager_.watchdog()) return;
    const auto patience = std::max(*manager_.watchdog() / 2, std::chrono::microseconds(2'500'000));
    if (server_->longest_silence() < patience) manager_.alive();
    watchdog_.expires_after(*manager_.watchdog() / 4);
    watchdog_.async_wait([this](const boost::system::error_code& error) {
        if (!error) watch_over();
    });
}

}  // namespace basehttp
