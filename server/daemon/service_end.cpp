// How the daemon comes to its end: by a signal, or because a newer program takes over.
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <csignal>
#include <utility>

#include "handlers/process/process_tree.hpp"
#include "handlers/process/running_scripts.hpp"
#include "handlers/process/spawner.hpp"
#include "server/daemon/service.hpp"

namespace basehttp {
namespace {

constexpr std::chrono::seconds time_to_start{60};  // of a successor
char sign_of_life;

}  // namespace

void Service::upgrade() {
    if (successor_) return log_->write(LogLevel::warning, "An upgrade is under way already");
    if (::getpid() == 1)
        return log_->write(LogLevel::error,
                           "Not upgraded: this is process 1 of a container, whose end is the "
                           "container's; replace the container");
    set_apart(every_child);  // or scripts that end now would take it for theirs
    try {
        successor_ = unconfined([this] {  // or its scripts would be confined for ever
            return start_successor(program_, argv_, server_->sockets());
        });
    } catch (const std::exception& error) {
        log_->write(LogLevel::error, std::string("Not upgraded: ") + error.what());
    }
    set_apart(0);
    if (!successor_) return;
    log_->write(LogLevel::info, "Upgrading: process " + std::to_string(successor_->pid) +
                                    " starts from " + program_);
    successor_ready_.assign(successor_->ready.release());
    successor_ready_.async_read_some(boost::asio::buffer(&sign_of_life, 1),
                                     [this](const boost::system::error_code& error, std::size_t) {
                                         // One that gave up ends by itself, when it has told why.
                                         const bool hangs =
                                             error == boost::asio::error::operation_aborted;
                                         if (hangs && successor_) successor_->signal(SIGKILL);
                                         upgrade_ended(!error);
                                     });
    successor_patience_.expires_after(time_to_start);
    successor_patience_.async_wait([this](const boost::system::error_code& error) {
        if (!error) successor_ready_.cancel();
    });
}

void Service::upgrade_ended(bool good) {
    if (!successor_) return;  // the end began meanwhile
    successor_patience_.cancel();
    successor_ready_.close();
    const int pid = successor_->pid;
    if (!good) {
        log_->write(LogLevel::error,
                    "Not upgraded, this program serves on: the new one did not come up; what it "
                    "says on standard error or in the log tells why");
        successor_.reset();
        if (std::exchange(reload_after_upgrade_, false)) reload();
        return;
    }
    if (reload_after_upgrade_) successor_->signal(SIGHUP);
    manager_.main_process(pid);
    log_->write(LogLevel::info, "Upgraded: process " + std::to_string(pid) +
                                    " serves; this one finishes what it has begun");
    server_->owns_socket_files = false;
    server_->patient = true;
    upgraded_ = std::chrono::steady_clock::now();
    ending_ = true;
    drain();
}

/// SIGTERM and SIGINT. The first one lets everything end by itself.
void Service::begin_end(int number) {
    if (ending_ && !successor_) {
        kill_running_scripts();
        ::_exit(1);
    }
    constexpr std::chrono::seconds same_moment{1};  // the signal may have been sent before that
    const bool just_upgraded = std::chrono::steady_clock::now() - upgraded_ < same_moment;
    if (successor_ && (!ending_ || just_upgraded)) successor_->signal(SIGTERM);  // both were meant
    const Config& config = current_.get()->parsed.config;
    const bool at_once = ending_ || number != SIGTERM;
    const auto delay = at_once ? std::chrono::milliseconds{0} : config.drain_delay;
    ending_ = true;
    successor_.reset();
    server_->ready = server_->patient = false;
    constexpr std::chrono::seconds reserve{15};  // for scripts that must be killed
    manager_.stopping("Finishing what runs", delay + config.shutdown_timeout + reserve);
    if (delay.count() == 0) return drain();
    log_->write(LogLevel::info, "Stopping: not ready any more, but serving for a while yet");
    drain_delay_.expires_after(delay);
    drain_delay_.async_wait([this](const boost::system::error_code& error) {
        if (!error) drain();
    });
}

void Service::drain() {
    log_->write(LogLevel::info, "Stopping: running requests are finished");
    server_->request_shutdown();
}

}  // namespace basehttp
