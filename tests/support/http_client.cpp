#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace basehttp {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("HttpClient: " + what); }

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        fail("not a number: '" + std::string(text) + "'");
    return value;
}

socklen_t fill_address(const Endpoint& endpoint, sockaddr_storage& storage) {
    if (endpoint.port == 0) {
        auto* local = reinterpret_cast<sockaddr_un*>(&storage);
        local->sun_family = AF_UNIX;
        std::strncpy(local->sun_path, endpoint.host.c_str(), sizeof local->sun_path - 1);
        return sizeof *local;
    }
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint.port);
        return sizeof *v4;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6->sin6_addr) != 1)
        fail("no address: " + endpoint.host);
    return sizeof *v6;
}

}  // namespace

Fd connect_to(const Endpoint& endpoint) {
    sockaddr_storage storage{};
    const socklen_t length = fill_address(endpoint, storage);
    Fd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
        throw std::system_error(errno, std::generic_category(), "connect to " + endpoint.host);
    return socket;
}

bool Reply::has(std::string_view name) const {
    return std::any_of(fields.begin(), fields.end(),
                       [name](const auto& field) { return same_name(field.first, name); });
}

std::string Reply::get(std::string_view name) const {
    const std::string* found = nullptr;
    for (const auto& [key, value] : fields) {
        if (!same_name(key, name)) continue;
        if (found != nullptr) fail("repeated field " + key);
        found = &value;
    }
    return found != nullptr ? *found : "";
}

std::string Reply::head() const {
    std::string text = std::to_string(status) + " " + reason + "\n";
    for (const auto& [name, value] : fields)
        if (name != "Date") text.append(name).append(": ").append(value).append("\n");
    return text;
}

Reply HttpClient::request(std::string_view method, std::string_view target, const Fields& fields) {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\n");
    const bool has_host = std::any_of(fields.begin(), fields.end(),
                                      [](const auto& f) { return same_name(f.first, "Host"); });
    if (!has_host) text += "Host: localhost\r\n";
    for (const auto& [name, value] : fields)
        text.append(name).append(": ").append(value).append("\r\n");
    send(text + "\r\n");
    return receive(method == "HEAD");
}

void HttpClient::send(std::string_view text) {
    if (!stream_.send(text)) throw std::system_error(EPIPE, std::generic_category(), "send");
}

/// False at the end of the stream.
bool HttpClient::fill() {
    if (stream_.receive(input_)) return true;
    if (stream_.was_cut())
        throw std::system_error(ECONNRESET, std::generic_category(), stream_.tls_error());
    return false;
}

std::string HttpClient::line() {
    std::size_t end = 0;
    while ((end = input_.find('\n')) == std::string::npos)
        if (!fill()) fail("the connection ended within a line: '" + input_ + "'");
    if (end == 0 || input_[end - 1] != '\r') fail("a line without CRLF: '" + input_ + "'");
    std::string text = input_.substr(0, end - 1);
    input_.erase(0, end + 1);
    return text;
}

std::string HttpClient::take(std::size_t size) {
    while (input_.size() < size)
        if (!fill())
            fail("the connection ended " + std::to_string(size - input_.size()) + " bytes early");
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
}

std::string HttpClient::take_chunks() {
    std::string body;
    while (const std::size_t size = number(line(), 16)) {
        body += take(size);
        if (!line().empty()) fail("a chunk longer than its size");
    }
    if (!line().empty()) fail("trailers");
    return body;
}

Reply HttpClient::receive_head() {
    Reply reply;
    const std::string status = line();
    if (status.size() < 13 || !status.starts_with("HTTP/1.1 ")) fail("status line: " + status);
    reply.status = static_cast<int>(number(status.substr(9, 3), 10));
    reply.reason = status.substr(13);
    for (std::string text = line(); !text.empty(); text = line()) {
        const std::size_t colon = text.find(": ");
        if (colon == std::string::npos || colon == 0) fail("field line: " + text);
        reply.fields.emplace_back(text.substr(0, colon), text.substr(colon + 2));
    }
    reply.chunked = reply.get("Transfer-Encoding") == "chunked";
    return reply;
}

Reply HttpClient::receive(bool to_head) {
    Reply reply = receive_head();
    const int status = reply.status;
    if (to_head || status < 200 || status == 204 || status == 304) return reply;
    if (reply.chunked)
        reply.body = take_chunks();
    else if (reply.has("Content-Length"))
        reply.body = take(number(reply.get("Content-Length"), 10));
    else
        fail("neither length nor chunks");
    return reply;
}

std::string HttpClient::read_some(std::size_t most) {
    if (input_.empty() && !fill()) return "";
    return take(std::min(most, input_.size()));
}

bool HttpClient::ends() { return input_.empty() && !fill(); }

bool HttpClient::is_cut() {
    try {
        while (fill()) input_.clear();
    } catch (const std::system_error& error) {
        return error.code() == std::errc::connection_reset;
    }
    return true;
}

}  // namespace basehttp
