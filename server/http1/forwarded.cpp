#include "server/http1/forwarded.hpp"

#include <algorithm>
#include <charconv>

namespace basehttp {
namespace {

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Takes the last element off a list, RFC 9110 section 5.6.1.
std::string_view take_last(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::string_view last =
        without_blanks(comma == list.npos ? list : list.substr(comma + 1));
    list = comma == list.npos ? std::string_view() : list.substr(0, comma);
    return last;
}

/// Calls `visit` with each element that is not empty of all lines of a field, from the last to the
/// first, until it returns false.
template <class Visit>
void visit_backwards(const RequestHead& head, std::string_view lower_name, Visit visit) {
    for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
        if (!equals_lower(field->name, lower_name)) continue;
        for (std::string_view list = field->value; !list.empty();) {
            const std::string_view element = take_last(list);
            if (!element.empty() && !visit(element)) return;
        }
    }
}

std::optional<IpEndpoint> with_port(std::string_view host, std::string_view port) {
    const auto ip = parse_ip(host);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (!ip || error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
    return IpEndpoint{*ip, number};
}

}  // namespace

std::optional<IpEndpoint> parse_forwarded_address(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos) return std::nullopt;
        const std::string_view host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (host.find(':') == host.npos) return std::nullopt;
        if (rest.starts_with(':')) return with_port(host, rest.substr(1));
        if (!rest.empty()) return std::nullopt;
        text = host;
    } else if (const std::size_t colon = text.find(':');
               colon != text.npos && text.find(':', colon + 1) == text.npos) {
        return with_port(text.substr(0, colon), text.substr(colon + 1));
    }
    const auto ip = parse_ip(text);
    if (!ip) return std::nullopt;
    return IpEndpoint{*ip, 0};
}

std::optional<IpEndpoint> forwarded_client(const RequestHead& head, const Networks& trusted) {
    std::optional<IpEndpoint> client;
    visit_backwards(head, "x-forwarded-for", [&](std::string_view element) {
        const auto endpoint = parse_forwarded_address(element);
        if (!endpoint) return false;
        client = endpoint;
        return trusted.contains(endpoint->ip);
    });
    return client;
}

bool forwarded_https(const RequestHead& head) {
    bool https = false;
    visit_backwards(head, "x-forwarded-proto", [&](std::string_view element) {
        https = equals_lower(element, "https");
        return false;
    });
    return https;
}

}  // namespace basehttp
