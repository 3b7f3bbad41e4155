#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http1/forwarded.hpp"
#include "server/http1/proxy_header.hpp"

namespace {

using namespace basehttp;
using Status = ProxyHeader::Status;

void check(bool holds) {
    if (!holds) __builtin_trap();
}

/// No beginning of a good header is refused, and what follows it changes nothing.
void check_pieces(std::string_view text, const ProxyHeader& whole) {
    check(whole.size > 0 && whole.size <= text.size() && whole.size <= ProxyHeader::most);
    const std::string good(text.substr(0, whole.size));
    const ProxyHeader alone = parse_proxy_header(good);
    check(alone.status == Status::complete && alone.size == whole.size);
    check(alone.client == whole.client && alone.from_proxy == whole.from_proxy);
    for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 16)
        check(parse_proxy_header(good.substr(0, size)).status == Status::incomplete);
}

/// What is told of an address is the same when it is read again.
void check_address(const IpEndpoint& endpoint) {
    const std::string text = ip_text(endpoint.ip);
    check(parse_ip(text) == endpoint.ip);
    const std::string with_port = Address{text, endpoint.port}.text();
    check(parse_forwarded_address(with_port) == endpoint);
}

}  // namespace

// A header of either version with what follows it; also taken as a field X-Forwarded-For.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ProxyHeader header = parse_proxy_header(text);
    check((header.status == Status::bad) == (*header.reason != '\0'));
    if (header.status == Status::complete) check_pieces(text, header);
    if (header.status == Status::incomplete) check(size < ProxyHeader::most);
    if (header.client) check_address(*header.client);

    static const Networks trusted({"10.0.0.0/8", "2001:db8::/32"});
    RequestHead head;
    head.fields.push_back({"X-Forwarded-For", text});
    const auto client = forwarded_client(head, trusted);
    if (client) check_address(*client);
    return 0;
}
