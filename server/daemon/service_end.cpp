// How the daemon comes to its end: by a signal, or because a newer program takes over.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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
            return start_successor(program_, argv_, server_->sockets(), inherited_.older);
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
                                         if (hangs && successor_)
                                             signal_process(successor_->handle, SIGKILL);
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
    if (reload_after_upgrade_) signal_process(successor_->handle, SIGHUP);
    manager_.main_process(pid);
    log_->write(LogLevel::info, "Upgraded: process " + std::to_string(pid) +
                                    " serves; this one finishes what it has begun");
    server_->owns_socket_files = false;
    server_->patient = true;
    upgraded_ = std::chrono::steady_clock::now();
    ending_ = replaced_ = true;
    drain();
}

/// SIGTERM and SIGINT. The first one lets everything end by itself.
void Service::begin_end(int number) {
    if (ending_ && !successor_) {
        tell_older(SIGINT);
        kill_running_scripts();
        ::syscall(SYS_exit_group, 1);  // before handlers tell clients what became of their scripts
    }
    tell_older(hurry_signal);
    constexpr std::chrono::seconds same_moment{1};  // the signal may have been sent before that
    const bool just_upgraded = std::chrono::steady_clock::now() - upgraded_ < same_moment;
    const bool both_meant = !ending_ || (just_upgraded && number == SIGTERM);
    if (successor_ && both_meant) signal_process(successor_->handle, SIGTERM);
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

/// After an upgrade a service manager knows only the newest program, and ends it alone: that one
/// tells the older ones, and its end is theirs.
bool Service::speaks_for_older() const { return !replaced_ && !inherited_.ready; }

void Service::tell_older(int number) const {
    if (!speaks_for_older()) return;
    for (const Fd& older : inherited_.older) signal_process(older, number);
}

/// The last step: what the older ones have begun is finished as well.
void Service::await_older() {
    const auto& older = inherited_.older;
    const auto living = std::find_if_not(older.begin(), older.end(), has_ended);
    if (!speaks_for_older() || living == older.end()) return control_.stop();
    boost::system::error_code failed;
    older_end_.assign(::fcntl(living->get(), F_DUPFD_CLOEXEC, 3), failed);
    if (failed) return control_.stop();
    log_->write(LogLevel::info,
                "Stopping: the process from before the upgrade still finishes what it has begun");
    older_end_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code&) {
                              older_end_.close();
                              await_older();
                          });
}

/// The newest program ends: what this one has begun gets the usual time to finish.
void Service::hurry() {
    if (!replaced_) return;
    successor_.reset();
    server_->patient = false;
    drain();
}

}  // namespace basehttp
