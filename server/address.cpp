#include "server/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace basehttp {
namespace {

std::string v6_text(const in6_addr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (IN6_IS_ADDR_V4MAPPED(&address))
        ::inet_ntop(AF_INET, address.s6_addr + 12, text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    return text.data();
}

std::uint16_t parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("'" + std::string(text) + "' is not a port (0 to 65535)");
    return port;
}

}  // namespace

std::string Address::text() const {
    if (is_unix()) return host;
    const std::string number = ":" + std::to_string(port);
    if (host.empty()) return "*" + number;
    return host.find(':') == std::string::npos ? host + number : "[" + host + "]" + number;
}

Address Address::from(const sockaddr* address, unsigned length) {
    if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
        std::array<char, INET_ADDRSTRLEN> text{};
        ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        return {text.data(), ntohs(v4->sin_port)};
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
        return {v6_text(v6->sin6_addr), ntohs(v6->sin6_port)};
    }
    if (address->sa_family == AF_UNIX && length > offsetof(sockaddr_un, sun_path)) {
        const auto* local = reinterpret_cast<const sockaddr_un*>(address);
        const std::size_t most = length - offsetof(sockaddr_un, sun_path);
        return {"unix:" + std::string(local->sun_path, ::strnlen(local->sun_path, most)), 0};
    }
    return {"unix:", 0};
}

Address Address::parse(std::string_view text, std::uint16_t port) {
    if (text.substr(0, 5) == "unix:") return {std::string(text), 0};
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            throw std::invalid_argument("'" + std::string(text) + "' lacks a ']'");
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':')
            throw std::invalid_argument("'" + std::string(text) + "' has no ':' after its ']'");
        if (!rest.empty()) port = parse_port(rest.substr(1));
        return {std::string(text.substr(1, close - 1)), port};
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos)
        return {text.substr(0, colon) == "*" ? "" : std::string(text.substr(0, colon)),
                parse_port(text.substr(colon + 1))};
    return {text == "*" ? "" : std::string(text), port};
}

}  // namespace basehttp
