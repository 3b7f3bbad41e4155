// Values of a request head: reset, moving to another copy of the text, validity of a host.
#include <algorithm>

#include "server/http1/characters.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {
namespace {

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_valid_port(std::string_view port) {
    unsigned value = 0;
    for (const char c : port) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 65535) return false;
    }
    return true;
}

bool is_valid_reg_name(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '%') {
            if (i + 2 >= name.size() || !is_hex(name[i + 1]) || !is_hex(name[i + 2])) return false;
            i += 2;
        } else if (!characters::is(name[i], characters::host)) {
            return false;
        }
    }
    return !name.empty();
}

bool is_valid_ip_literal(std::string_view inside) {
    return inside.size() >= 2 && inside.find(':') != std::string_view::npos &&
           std::all_of(inside.begin(), inside.end(),
                       [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

}  // namespace

bool is_valid_host(std::string_view host) {
    if (!host.empty() && host.front() == '[') {
        const std::size_t close = host.find(']');
        if (close == std::string_view::npos) return false;
        const std::string_view rest = host.substr(close + 1);
        return is_valid_ip_literal(host.substr(1, close - 1)) &&
               (rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1))));
    }
    const std::size_t colon = std::min(host.find(':'), host.size());
    return is_valid_reg_name(host.substr(0, colon)) &&
           (colon == host.size() || is_valid_port(host.substr(colon + 1)));
}

void RequestHead::clear() {
    std::vector<HeaderField> kept = std::move(fields);
    kept.clear();
    *this = RequestHead{};
    fields = std::move(kept);
}

RequestHead RequestHead::rebased(const char* from, const char* to) const {
    RequestHead copy = *this;
    const auto move = [from, to](std::string_view& view) {
        // Literals such as the target "/" of an absolute URI stand outside the text.
        if (view.data() != nullptr) view = {to + (view.data() - from), view.size()};
    };
    const bool own_target = target.data() >= request_line.data() &&
                            target.data() <= request_line.data() + request_line.size();
    for (std::string_view* view :
         {&copy.request_line, &copy.method, &copy.raw_target, &copy.version, &copy.host,
          &copy.accept_encoding, &copy.range, &copy.if_match, &copy.if_none_match,
          &copy.if_modified_since, &copy.if_unmodified_since, &copy.if_range, &copy.referer,
          &copy.user_agent})
        move(*view);
    if (own_target) move(copy.target);
    for (HeaderField& field : copy.fields) {
        move(field.name);
        move(field.value);
    }
    return copy;
}

}  // namespace basehttp
