#include "config/setting_rules.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <string>

#include "config/setting_values.hpp"

namespace basehttp {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_token_character(char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_control);
}

bool is_v4(std::string_view text) {
    in_addr address{};
    return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

/// A zone such as %eth0 may follow.
bool is_v6(std::string_view text) {
    if (has_control(text)) return false;
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos && !is_field_name(text.substr(percent + 1))) return false;
    in6_addr address{};
    return inet_pton(AF_INET6, std::string(text.substr(0, percent)).c_str(), &address) == 1;
}

bool is_label(std::string_view label) {
    const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), allowed);
}

/// Labels between dots. One whose last label is a number can only be an IPv4 address.
bool is_host(std::string_view host) {
    if (host.size() > 253) return false;
    const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
    if (std::all_of(last.begin(), last.end(), is_digit)) return is_v4(host);
    std::size_t begin = 0;
    while (begin <= host.size()) {
        const std::size_t end = std::min(host.find('.', begin), host.size());
        if (!is_label(host.substr(begin, end - begin))) return false;
        begin = end + 1;
    }
    return true;
}

/// No names but this one: what a name means may change, and looking it up may hang.
/// A name to be looked up: labels of letters, digits and '-' with dots between them, one letter at
/// least, so that a slip in an IPv4 address is no name.
bool is_host_name(std::string_view host) {
    char before = '.';
    bool has_letter = false;
    for (const char c : host) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_good = is_letter || (c >= '0' && c <= '9') || (before != '.' && c == '-') ||
                             (before != '.' && before != '-' && c == '.');
        if (!is_good) return false;
        has_letter = has_letter || is_letter;
        before = c;
    }
    return has_letter && before != '.' && before != '-';
}

bool is_bind_host(std::string_view host) {
    return host == "*" || is_v4(host) || is_host_name(host);
}

bool is_port(std::string_view text) {
    const auto port = parse_whole_number(text);
    return port && *port <= 65535;
}

bool is_bracketed_v6_entry(std::string_view text) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_v6(text.substr(1, close - 1))) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

}  // namespace

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_field_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_field_value(std::string_view text) {
    const auto refused = [](char c) { return is_control(c) && c != '\t'; };
    return !text.empty() && !is_blank(text.front()) && !is_blank(text.back()) &&
           std::none_of(text.begin(), text.end(), refused);
}

bool is_media_type(std::string_view text) {
    const std::string_view essence = without_blanks(text.substr(0, text.find(';')));
    const std::size_t slash = essence.find('/');
    return slash != std::string_view::npos && is_field_name(essence.substr(0, slash)) &&
           is_field_name(essence.substr(slash + 1)) && is_field_value(text);
}

bool is_site_path(std::string_view text) {
    if (text.empty() || text.front() != '/' || has_control(text)) return false;
    if (text.find_first_of("?#") != std::string_view::npos) return false;
    return (std::string(text) + '/').find("/../") == std::string::npos;
}

bool is_cgi_directory(std::string_view text) {
    if (text == "/") return true;
    if (!is_site_path(text) || text.find('%') != std::string_view::npos) return false;
    const std::string closed = std::string(text) + '/';
    return closed.find("//") == std::string::npos && closed.find("/./") == std::string::npos;
}

bool is_absolute_path(std::string_view text) { return text.starts_with('/') && !has_control(text); }

bool is_variable_name(std::string_view text) {
    const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return !text.empty() && !is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), allowed);
}

bool is_file_name(std::string_view text) {
    return !text.empty() && text != "." && text != ".." && !has_control(text) &&
           text.find('/') == std::string_view::npos;
}

bool is_site_name(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        return is_v6(text.substr(1, text.size() - 2));
    }
    const auto upper = [](char c) { return is_letter(c) && !is_lower(c); };
    return is_host(text) && std::none_of(text.begin(), text.end(), upper);
}

bool is_network(std::string_view text) {
    if (text == "unix") return true;
    const std::size_t slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    if (address.find('%') != std::string_view::npos) return false;
    const bool v4 = is_v4(address);
    if (!v4 && !is_v6(address)) return false;
    if (slash == std::string_view::npos) return true;
    const auto length = parse_whole_number(text.substr(slash + 1));
    return length && *length <= (v4 ? 32 : 128);
}

bool is_bind_entry(std::string_view text) {
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) {
        const std::string_view path = text.substr(unix_prefix.size());
        return !path.empty() && path.size() < sizeof(sockaddr_un::sun_path) && !has_control(path);
    }
    if (text.starts_with('[')) return is_bracketed_v6_entry(text);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return is_bind_host(text);
    if (text.find(':', colon + 1) != std::string_view::npos) return is_v6(text);
    return is_bind_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

}  // namespace basehttp
