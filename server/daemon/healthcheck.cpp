#include "server/daemon/healthcheck.hpp"

#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "config/setting_values.hpp"
#include "server/address.hpp"
#include "server/fd.hpp"

namespace basehttp {
namespace {

/// Why the server is not well.
struct Unhealthy : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Question {
    Address address;
    bool tls = false;
    bool of_health = true;  ///< GET /healthz, answered 200; else HEAD /, answered below 500.

    std::string text() const {
        const std::string where = address.is_unix() ? address.host + ":" : address.text();
        return (tls ? "https://" : "http://") + where + (of_health ? "/healthz" : "/");
    }
};

/// Of addresses that mean all: the one of this machine.
Address reachable(Address address) {
    if (address.host.empty() || address.host == "0.0.0.0") address.host = "127.0.0.1";
    if (address.host == "::") address.host = "::1";
    return address;
}

/// Every address that the settings have the server listen on, those to prefer first.
std::vector<Question> questions(const Config& config) {
    std::vector<Question> all;
    for (const std::string& bind : config.health_bind)
        all.push_back({Address::parse(bind, config.port)});
    const std::vector<std::string> any = {""};
    std::vector<Question> tls, local;
    for (const std::string& bind : config.bind.empty() ? any : config.bind) {
        Address address = Address::parse(bind, config.port);
        const bool speaks_tls = tls_on(config) && !config.tls_port;
        auto& kind = speaks_tls ? tls : address.is_unix() ? local : all;
        kind.push_back({address, speaks_tls, config.health});
        if (!tls_on(config) || speaks_tls || address.is_unix()) continue;
        address.port = *config.tls_port;
        tls.push_back({address, true, config.health});
    }
    if (config.sites.front().tls.client != "required")
        all.insert(all.end(), tls.begin(), tls.end());
    all.insert(all.end(), local.begin(), local.end());
    return all;
}

Question choose(const Config& config) {
    for (Question& one : questions(config)) {
        one.address = reachable(one.address);
        if (one.address.is_unix() || one.address.port != 0) return one;
    }
    const bool certificate = tls_on(config) && config.sites.front().tls.client == "required";
    throw ConfigError(std::string("basehttpd: healthcheck cannot know where to ask: ") +
                      (certificate ? "every port wants a certificate of its clients"
                                   : "port 0 is any that is free") +
                      "; name an address for it with --health-bind");
}

[[noreturn]] void fail(const std::string& what, int error) {
    const bool late = error == EAGAIN || error == EINPROGRESS || error == ETIMEDOUT;
    throw Unhealthy(what + ": " + (late ? "timed out" : std::generic_category().message(error)));
}

void set_patience(int socket, std::chrono::milliseconds patience) {
    timeval time{};
    time.tv_sec = patience.count() / 1000;
    time.tv_usec = patience.count() % 1000 * 1000;
    for (const int which : {SO_RCVTIMEO, SO_SNDTIMEO})
        ::setsockopt(socket, SOL_SOCKET, which, &time, sizeof time);
}

Fd connect(int family, const sockaddr* address, socklen_t size,
           std::chrono::milliseconds patience) {
    Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) fail("cannot make a socket", errno);
    set_patience(socket.get(), patience);
    if (::connect(socket.get(), address, size) != 0) fail("cannot connect", errno);
    return socket;
}

Fd connect(const Address& address, std::chrono::milliseconds patience) {
    if (address.is_unix()) {
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        const std::string path = address.host.substr(5);
        std::memcpy(local.sun_path, path.data(), std::min(path.size(), sizeof local.sun_path - 1));
        return connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&local), sizeof local, patience);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
    if (error != 0)
        throw Unhealthy("cannot look up the host: " + std::string(::gai_strerror(error)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    return connect(found->ai_family, found->ai_addr, found->ai_addrlen, patience);
}

/// Plain, or TLS with whatever certificate the server has.
class Stream {
  public:
    Stream(Fd socket, bool tls) : socket_(std::move(socket)) {
        if (!tls) return;
        context_.reset(::SSL_CTX_new(::TLS_client_method()));
        ssl_.reset(context_ ? ::SSL_new(context_.get()) : nullptr);
        if (!ssl_ || ::SSL_set_fd(ssl_.get(), socket_.get()) != 1) fail("no TLS", ENOMEM);
        errno = EPROTO;
        if (::SSL_connect(ssl_.get()) != 1) fail("no TLS handshake", errno);
    }
    void send(std::string_view text) {
        const int size = static_cast<int>(text.size());
        const auto sent = ssl_ ? ::SSL_write(ssl_.get(), text.data(), size)
                               : ::send(socket_.get(), text.data(), text.size(), 0);
        if (sent != size) fail("cannot ask", errno);
    }
    /// Empty: the end.
    std::string receive() {
        std::array<char, 256> part{};
        const int size = static_cast<int>(part.size());
        const auto got = ssl_ ? ::SSL_read(ssl_.get(), part.data(), size)
                              : ::recv(socket_.get(), part.data(), part.size(), 0);
        if (got < 0) fail("no answer", errno);
        return {part.data(), static_cast<std::size_t>(got)};
    }

  private:
    Fd socket_;
    std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context_{nullptr, ::SSL_CTX_free};
    std::unique_ptr<SSL, decltype(&::SSL_free)> ssl_{nullptr, ::SSL_free};
};

/// The status of the answer.
int ask(const Question& question, std::chrono::milliseconds patience) {
    Stream stream(connect(question.address, patience), question.tls);
    stream.send(std::string(question.of_health ? "GET /healthz" : "HEAD /") +
                " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: basehttpd-healthcheck\r\n"
                "Connection: close\r\n\r\n");
    constexpr std::string_view front = "HTTP/1.1 ";
    std::string line;
    while (line.size() < front.size() + 3) {
        const std::string part = stream.receive();
        if (part.empty()) throw Unhealthy("the connection was closed without an answer");
        line += part;
    }
    int status = 0;
    std::from_chars(line.data() + front.size(), line.data() + front.size() + 3, status);
    return line.starts_with("HTTP/1.") ? status : 0;
}

}  // namespace

int run_healthcheck(const Parsed& parsed) {
    std::signal(SIGPIPE, SIG_IGN);
    const Question question = choose(parsed.config);
    std::string why;
    try {
        const int status = ask(question, parsed.healthcheck.timeout);
        const bool well = question.of_health ? status == 200 : status >= 100 && status < 500;
        if (well) return 0;
        why = status == 0 ? "the answer is not HTTP" : "answered " + std::to_string(status);
    } catch (const Unhealthy& error) {
        why = error.what();
    }
    std::cerr << "basehttpd: unhealthy: " + question.text() + ": " + why + '\n';
    return 1;
}

}  // namespace basehttp
