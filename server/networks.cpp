#include "server/networks.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace basehttp {
namespace {

std::uint64_t big_endian(const unsigned char* bytes, int count) {
    std::uint64_t number = 0;
    for (int i = 0; i < count; ++i) number = number << 8 | bytes[i];
    return number;
}

/// The bits of a 64-bit half that come after the first `length`.
std::uint64_t host_bits(int length) {
    if (length <= 0) return ~std::uint64_t{0};
    return length >= 64 ? 0 : ~std::uint64_t{0} >> length;
}

[[noreturn]] void refuse(std::string_view entry) {
    throw std::invalid_argument("'" + std::string(entry) +
                                "' is not an address, a network such as 10.0.0.0/8, or unix");
}

/// How many bits of the 128 are fixed.
int prefix_length(std::string_view entry, IpNumber ip) {
    const std::size_t slash = entry.find('/');
    if (slash == std::string_view::npos) return 128;
    const std::string_view digits = entry.substr(slash + 1);
    const bool v4 = entry.find(':') == std::string_view::npos && ip.is_v4();
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > (v4 ? 32u : 128u))
        refuse(entry);
    return static_cast<int>(v4 ? 96 + length : length);
}

}  // namespace

IpNumber ip_from_v4(const unsigned char* four_bytes) {
    return {0, IpNumber::v4_prefix | big_endian(four_bytes, 4)};
}

IpNumber ip_from_v6(const unsigned char* sixteen_bytes) {
    return {big_endian(sixteen_bytes, 8), big_endian(sixteen_bytes + 8, 8)};
}

std::optional<IpNumber> parse_ip(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> copy{};  // inet_pton wants a NUL at the end
    if (text.size() >= copy.size() || text.find('\0') != text.npos) return std::nullopt;
    std::memcpy(copy.data(), text.data(), text.size());
    std::array<unsigned char, 16> bytes;
    if (::inet_pton(AF_INET, copy.data(), bytes.data()) == 1) return ip_from_v4(bytes.data());
    if (::inet_pton(AF_INET6, copy.data(), bytes.data()) == 1) return ip_from_v6(bytes.data());
    return std::nullopt;
}

std::string_view write_ip(IpNumber ip, IpText& out) {
    std::array<unsigned char, 16> bytes;
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<unsigned char>(ip.high >> (56 - 8 * i));
        bytes[8 + i] = static_cast<unsigned char>(ip.low >> (56 - 8 * i));
    }
    if (ip.is_v4())
        ::inet_ntop(AF_INET, bytes.data() + 12, out.data(), INET6_ADDRSTRLEN);
    else
        ::inet_ntop(AF_INET6, bytes.data(), out.data(), INET6_ADDRSTRLEN);
    return out.data();
}

std::string ip_text(IpNumber ip) {
    IpText text;
    return std::string(write_ip(ip, text));
}

Networks::Networks(const std::vector<std::string>& entries) {
    for (const std::string_view entry : entries) {
        if (entry == "unix") {
            unix_ = true;
            continue;
        }
        const auto ip = parse_ip(entry.substr(0, entry.find('/')));
        if (!ip) refuse(entry);
        const int length = prefix_length(entry, *ip);
        const std::uint64_t high = host_bits(length), low = host_bits(length - 64);
        ranges_.push_back({{ip->high & ~high, ip->low & ~low}, {ip->high | high, ip->low | low}});
    }
    merge();
}

/// Sorts, and joins those that overlap.
void Networks::merge() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.first < b.first; });
    std::vector<Range> merged;
    for (const Range& range : ranges_) {
        if (!merged.empty() && range.first <= merged.back().last)
            merged.back().last = std::max(merged.back().last, range.last);
        else
            merged.push_back(range);
    }
    ranges_ = std::move(merged);
}

bool Networks::contains(IpNumber ip) const {
    const auto after = std::upper_bound(
        ranges_.begin(), ranges_.end(), ip,
        [](const IpNumber& number, const Range& range) { return number < range.first; });
    return after != ranges_.begin() && ip <= std::prev(after)->last;
}

bool Networks::contains(const Address& address) const {
    if (address.is_unix()) return unix_;
    if (ranges_.empty()) return false;
    const auto ip = parse_ip(address.host);
    return ip && contains(*ip);
}

}  // namespace basehttp
