#include "server/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>

namespace basehttp {
namespace {

struct RawAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

RawAddress raw_unix_address(const std::string& path) {
    RawAddress raw;
    auto* address = reinterpret_cast<sockaddr_un*>(&raw.storage);
    if (path.empty() || path.size() >= sizeof address->sun_path)
        throw std::system_error(ENAMETOOLONG, std::generic_category(), "unix:" + path);
    address->sun_family = AF_UNIX;
    std::memcpy(address->sun_path, path.data(), path.size());
    raw.length = sizeof *address;
    return raw;
}

/// The first address of a host name, from /etc/hosts or the DNS. It may wait: at start only.
boost::asio::ip::address look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (error != 0)
        throw std::system_error(EADDRNOTAVAIL, std::generic_category(),
                                "'" + host + "': " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    return boost::asio::ip::make_address(Address::from(found->ai_addr, found->ai_addrlen).host);
}

RawAddress raw_address(const Address& address) {
    namespace ip = boost::asio::ip;
    if (address.is_unix()) return raw_unix_address(address.host.substr(5));
    boost::system::error_code error;
    const std::string host = address.host.empty() ? "::" : address.host;
    ip::address parsed =
        host == "localhost" ? ip::address_v4::loopback() : ip::make_address(host, error);
    if (error) parsed = look_up(host);
    RawAddress raw;
    if (parsed.is_v4()) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&raw.storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        v4->sin_addr.s_addr = htonl(parsed.to_v4().to_uint());
        raw.length = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&raw.storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
        v6->sin6_scope_id = static_cast<std::uint32_t>(parsed.to_v6().scope_id());
        const auto bytes = parsed.to_v6().to_bytes();
        std::memcpy(&v6->sin6_addr, bytes.data(), bytes.size());
        raw.length = sizeof *v6;
    }
    return raw;
}

void set_option(int socket, int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
}

/// A socket file that nobody listens on any more would make bind fail for ever.
void remove_stale_unix_socket(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
    Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    RawAddress raw = raw_unix_address(path);
    if (::connect(probe.get(), raw.get(), raw.length) != 0 && errno == ECONNREFUSED)
        ::unlink(path.c_str());
}

[[noreturn]] void fail(const Address& address) {
    throw std::system_error(errno, std::generic_category(), address.text());
}

}  // namespace

Fd bind_socket(const Address& address, bool allow_reuse_address, bool share_port) {
    if (address.is_unix()) remove_stale_unix_socket(address.host.substr(5));
    RawAddress raw = raw_address(address);
    Fd socket(::socket(raw.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket && errno == EAFNOSUPPORT && address.host.empty())
        return bind_socket({"0.0.0.0", address.port}, allow_reuse_address, share_port);
    if (!socket) fail(address);
    if (allow_reuse_address) set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (share_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (raw.storage.ss_family == AF_INET6)
        set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.host.empty() ? 0 : 1);
    if (::bind(socket.get(), raw.get(), raw.length) != 0) {
        if (errno == EADDRNOTAVAIL && address.host.empty())
            return bind_socket({"0.0.0.0", address.port}, allow_reuse_address, share_port);
        fail(address);
    }
    return socket;
}

Address socket_address(int socket) {
    RawAddress raw;
    raw.length = sizeof raw.storage;
    if (::getsockname(socket, raw.get(), &raw.length) != 0) return {};
    return Address::from(raw.get(), raw.length);
}

std::vector<InheritedSocket> inherited_sockets() {
    std::vector<InheritedSocket> sockets;
    const char* pid = std::getenv("LISTEN_PID");
    const char* count = std::getenv("LISTEN_FDS");
    const char* const given_names = std::getenv("LISTEN_FDNAMES");
    std::string_view names = given_names != nullptr ? given_names : "";
    if (pid != nullptr && count != nullptr && std::atol(pid) == ::getpid()) {
        const int most = std::min(std::atoi(count), 4096);  // a slip must not keep us busy
        for (int fd = 3; fd < 3 + most; ++fd) {
            const std::string name(names.substr(0, names.find(':')));
            names.remove_prefix(std::min(names.size(), name.size() + 1));
            int type = 0;
            socklen_t length = sizeof type;
            if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) continue;
            ::fcntl(fd, F_SETFD, FD_CLOEXEC);
            sockets.push_back({Fd(fd), name});
        }
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return sockets;
}

Listener::Listener(EventLoop& loop, int socket, Take take, std::function<void()> out,
                   std::function<bool()> has_room)
    : loop_(loop),
      socket_(socket),
      take_(std::move(take)),
      out_of_descriptors_(std::move(out)),
      has_room_(std::move(has_room)) {
    retry();
}

Listener::~Listener() { pause(); }

void Listener::retry() {
    if (watching_) return;
    loop_.watch(socket_, EPOLLIN | EPOLLEXCLUSIVE, *this);
    watching_ = true;
}

void Listener::pause() {
    if (watching_) loop_.unwatch(socket_);
    watching_ = false;
}

/// False with errno when nobody was there or it failed.
bool Listener::accept_one() {
    RawAddress peer;
    peer.length = sizeof peer.storage;
    Fd socket(::accept4(socket_, peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return false;
    take_(std::move(socket), Address::from(peer.get(), peer.length));
    return true;
}

void Listener::take_rest() {
    constexpr int most = 1 << 16;  // more than any backlog
    for (int taken = 0; taken < most; ++taken)
        if (!accept_one() && errno != EINTR && errno != ECONNABORTED) return;
}

/// Takes as many as came last time, so that accept4 is seldom called in vain; what is left is told
/// again, and when that goes on it is twice as many.
void Listener::on_event(std::uint32_t) {
    for (int taken = 0; taken < most_; ++taken) {
        if (!has_room_()) return pause();
        if (accept_one()) continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause();
            return out_of_descriptors_();
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            most_ = std::max(1, taken);
            full_ = 0;
            return;
        }
    }
    if (++full_ < 8) return;
    most_ = std::min(2 * most_, 64);
    full_ = 0;
}

}  // namespace basehttp
