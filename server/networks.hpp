// IP addresses as numbers, and sets of networks. Pure; nothing here allocates but what says so.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/address.hpp"
#include "server/api.hpp"

namespace basehttp {

/// An IPv6 address, or an IPv4 one as IPv6 maps it (::ffff:192.0.2.1): both kinds compare as one.
struct IpNumber {
    std::uint64_t high = 0, low = 0;
    auto operator<=>(const IpNumber&) const = default;

    static constexpr std::uint64_t v4_prefix = 0xffff'0000'0000;  ///< of `low`
    bool is_v4() const { return high == 0 && (low & ~std::uint64_t{0xffff'ffff}) == v4_prefix; }
};

/// "192.0.2.1" or "2001:db8::1", no brackets, no scope. nullopt: anything else.
BASEHTTP_API std::optional<IpNumber> parse_ip(std::string_view text);
/// From network byte order.
BASEHTTP_API IpNumber ip_from_v4(const unsigned char* four_bytes);
BASEHTTP_API IpNumber ip_from_v6(const unsigned char* sixteen_bytes);
/// Room for any address and a NUL.
using IpText = std::array<char, 46>;
/// As Address::host has it; a view of `out`.
BASEHTTP_API std::string_view write_ip(IpNumber ip, IpText& out);
BASEHTTP_API std::string ip_text(IpNumber ip);  ///< The same; may allocate.

/// An IP address with its port; 0: not known.
struct IpEndpoint {
    IpNumber ip;
    std::uint16_t port = 0;
    bool operator==(const IpEndpoint&) const = default;
};

/// A set of addresses. Immutable but for assignment.
class BASEHTTP_API Networks {
  public:
    Networks() = default;
    /// Of addresses, networks such as 10.0.0.0/8 (bits past the prefix do not count), and "unix"
    /// for every unix socket. Throws std::invalid_argument with a sentence. Allocates.
    explicit Networks(const std::vector<std::string>& entries);

    bool empty() const { return ranges_.empty() && !unix_; }
    bool contains(IpNumber ip) const;
    /// Of an address as sockets have it: names are in no network.
    bool contains(const Address& address) const;

  private:
    struct Range {
        IpNumber first, last;
    };
    void merge();

    std::vector<Range> ranges_;  // sorted, apart from each other
    bool unix_ = false;
};

}  // namespace basehttp
