#include "server/http1/proxy_header.hpp"

#include <algorithm>
#include <charconv>

namespace basehttp {
namespace {

using namespace std::string_view_literals;
using Status = ProxyHeader::Status;

constexpr auto v1_start = "PROXY "sv;
constexpr std::size_t v1_most = 107;  // bytes of the line, CRLF included
constexpr auto v2_start = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t v2_fixed = 16;  // signature, version and command, family, length

ProxyHeader bad(const char* reason) { return {Status::bad, 0, {}, false, reason}; }

/// Whether `text`, as far as it goes, is the beginning of `start`.
bool may_begin(std::string_view text, std::string_view start) {
    const std::size_t size = std::min(text.size(), start.size());
    return text.substr(0, size) == start.substr(0, size);
}

/// Up to the next blank, which is taken too; nullopt: there is none, or nothing before it.
std::optional<std::string_view> take_word(std::string_view& line) {
    const std::size_t blank = line.find(' ');
    if (blank == line.npos || blank == 0) return std::nullopt;
    const std::string_view word = line.substr(0, blank);
    line.remove_prefix(blank + 1);
    return word;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return port;
}

/// "192.0.2.1 198.51.100.1 56324 443": source, destination, their ports. The source.
std::optional<IpEndpoint> parse_v1_addresses(std::string_view line, bool v4) {
    const auto source = take_word(line), destination = take_word(line), port = take_word(line);
    if (!source || !destination || !port) return std::nullopt;
    const auto is_of_family = [v4](std::string_view text) {
        return (text.find(':') == text.npos) == v4 && parse_ip(text);
    };
    const auto number = parse_port(*port);
    if (!is_of_family(*source) || !is_of_family(*destination) || !number || !parse_port(line))
        return std::nullopt;
    return IpEndpoint{*parse_ip(*source), *number};
}

ProxyHeader parse_v1(std::string_view text) {
    const std::size_t end = text.substr(0, v1_most).find('\n');
    if (end == text.npos)
        return text.size() < v1_most ? ProxyHeader{} : bad("its line is longer than 107 bytes");
    if (text[end - 1] != '\r') return bad("its line does not end in CRLF");
    std::string_view line = text.substr(v1_start.size(), end - 1 - v1_start.size());
    ProxyHeader header{Status::complete, end + 1, {}, false, ""};
    const std::string_view family = line.substr(0, line.find(' '));
    if (family == "UNKNOWN") return header;
    if (family != "TCP4" && family != "TCP6") return bad("its protocol is not known");
    line.remove_prefix(std::min(line.size(), family.size() + 1));
    header.client = parse_v1_addresses(line, family == "TCP4");
    return header.client ? header : bad("its addresses are none");
}

/// The source address of a version 2 header; `bytes` are those after the fixed part.
ProxyHeader with_v2_address(ProxyHeader header, unsigned family, std::string_view bytes) {
    constexpr unsigned inet = 1, inet6 = 2, local = 3;
    const auto* const raw = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto port_at = [raw](std::size_t at) {
        return static_cast<std::uint16_t>(raw[at] << 8 | raw[at + 1]);
    };
    const std::size_t needed = family == inet    ? 12
                               : family == inet6 ? 36
                               : family == local ? 216
                                                 : 0;
    if (bytes.size() < needed) return bad("it is shorter than its addresses");
    if (family == inet) header.client = IpEndpoint{ip_from_v4(raw), port_at(8)};
    if (family == inet6) header.client = IpEndpoint{ip_from_v6(raw), port_at(32)};
    return header;
}

ProxyHeader parse_v2(std::string_view text) {
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (text.size() > 12 && byte(12) >> 4 != 2) return bad("its version is not 2");
    if (text.size() > 12 && (byte(12) & 15) > 1) return bad("its command is not known");
    const bool is_local = text.size() > 12 && (byte(12) & 15) == 0;  // then of nobody's protocol
    if (!is_local && text.size() > 13 && (byte(13) >> 4 > 3 || (byte(13) & 15) > 2))
        return bad("its protocol is not known");
    if (text.size() < v2_fixed) return {};
    const std::size_t rest = static_cast<std::size_t>(byte(14)) << 8 | byte(15);
    if (v2_fixed + rest > ProxyHeader::most) return bad("it is longer than 4096 bytes");
    if (text.size() < v2_fixed + rest) return {};
    const ProxyHeader header{Status::complete, v2_fixed + rest, {}, is_local, ""};
    if (is_local) return header;
    if ((byte(13) & 15) == 2) return bad("it is about datagrams");
    return with_v2_address(header, byte(13) >> 4, text.substr(v2_fixed, rest));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view text) {
    if (may_begin(text, v1_start))
        return text.size() < v1_start.size() ? ProxyHeader{} : parse_v1(text);
    if (may_begin(text, v2_start))
        return text.size() < v2_start.size() ? ProxyHeader{} : parse_v2(text);
    return bad("there is none");
}

}  // namespace basehttp
