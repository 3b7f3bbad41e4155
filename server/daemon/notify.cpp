#include "server/daemon/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "server/fd.hpp"

namespace basehttp {
namespace {

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// CLOCK_MONOTONIC, which the manager compares with.
long long monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

/// On one line: what is told is lines.
std::string one_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

ServiceManager::ServiceManager() : socket_(variable("NOTIFY_SOCKET")) {
    const long long interval = std::atoll(variable("WATCHDOG_USEC").c_str());
    const std::string pid = variable("WATCHDOG_PID");
    if (interval > 0 && (pid.empty() || std::atol(pid.c_str()) == ::getpid()))
        watchdog_ = std::chrono::microseconds(interval);
}

void ServiceManager::tell(const std::string& lines) const {
    sockaddr_un address{};
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() +
                                               (socket_.front() == '@' ? 0 : 1));
    const Fd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(::sendto(sender.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), length));
}

void ServiceManager::ready(std::string_view text) const {
    tell("READY=1\nSTATUS=" + one_line(text));
}

void ServiceManager::reloading() const {
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()) +
         "\nSTATUS=Reloading");
}

void ServiceManager::stopping(std::string_view text, std::chrono::microseconds longest) const {
    tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(longest.count()) +
         "\nSTATUS=" + one_line(text));
}

void ServiceManager::main_process(int pid) const { tell("MAINPID=" + std::to_string(pid)); }
void ServiceManager::status(std::string_view text) const { tell("STATUS=" + one_line(text)); }
void ServiceManager::alive() const { tell("WATCHDOG=1"); }

}  // namespace basehttp
