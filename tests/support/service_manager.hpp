// A service manager for tests: what the daemon tells by sd_notify(3).
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "server/fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// Programs that are started while it lives have its NOTIFY_SOCKET in their environment.
class FakeManager {
  public:
    enum class Kind { path, abstract };
    explicit FakeManager(Kind kind = Kind::path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        std::string name = directory_ / "notify";
        if (kind == Kind::abstract) name = "@" + name;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (kind == Kind::abstract) address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0)
            throw std::system_error(errno, std::generic_category(), name);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    FakeManager(const FakeManager&) = delete;
    FakeManager& operator=(const FakeManager&) = delete;
    ~FakeManager() { ::unsetenv("NOTIFY_SOCKET"); }

    /// The next message that is not one of the watchdog. Throws when there is none for 20 s.
    std::string next() const {
        for (;;)
            if (std::string message = any(); message != "WATCHDOG=1") return message;
    }
    /// The next message of all; "" when there is none for so many milliseconds.
    std::string within(int milliseconds) const {
        pollfd readable{socket_.get(), POLLIN, 0};
        if (::poll(&readable, 1, milliseconds) != 1) return {};
        std::array<char, 4096> bytes;
        const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        return {bytes.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
    }
    std::string any() const {
        std::string message = within(20'000);
        if (message.empty()) throw std::runtime_error("the service manager was told nothing");
        return message;
    }

  private:
    TempDir directory_;
    Fd socket_;
};

/// The number after "NAME=" in a message, or -1.
inline long long number_in(std::string_view message, std::string_view name) {
    const std::size_t at = message.find(std::string(name) + "=");
    if (at == message.npos) return -1;
    return std::atoll(std::string(message.substr(at + name.size() + 1)).c_str());
}

}  // namespace basehttp
