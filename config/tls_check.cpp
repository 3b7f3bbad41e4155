#include "config/tls_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "config/config_error.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace basehttp {
namespace {

/// A value of [tls], of the default site (0) or another.
struct Value {
    std::size_t site;
    std::string key;
    std::string text;  ///< As printed.
};

struct Checked {
    const Config& config;
    const Provenance& provenance;

    /// "key 'x' of site 'a.example'", "--tls-key 'x'"
    [[nodiscard]] std::string shown(const Value& value) const {
        const std::string name = "tls." + value.key;
        const bool given = origin_of(provenance, value.site, name, value.text) == "command line";
        std::string text = (given ? "--" + find_setting("tls", value.key)->option() : value.key) +
                           ' ' + quoted(value.text);
        if (value.site > 0) text += " of site " + quoted(config.sites[value.site].names.front());
        return text;
    }

    [[noreturn]] void refuse_value(const Value& value, const std::string& why) const {
        refuse(blame(provenance, value.site, "tls." + value.key, value.text),
               shown(value) + ' ' + why);
    }
};

/// What a site asks for that only TLS can give.
std::optional<Value> wish(const TlsConfig& tls, std::size_t site) {
    if (!tls.keys.empty()) return Value{site, "key", tls.keys.front()};
    if (!tls.password_file.empty()) return Value{site, "password_file", tls.password_file};
    if (tls.client != "off") return Value{site, "client", tls.client};
    if (!tls.client_ca.empty()) return Value{site, "client_ca", tls.client_ca};
    if (tls.redirect) return Value{site, "redirect", "on"};
    if (tls.hsts.count() != 0) return Value{site, "hsts", duration_text(tls.hsts)};
    return std::nullopt;
}

/// Nobody turned TLS off, and no certificate turned it on.
void check_no_wishes(const Checked& in) {
    const auto refuse_wish = [&](const Value& value) {
        in.refuse_value(value,
                        "means nothing without TLS; name a certificate in [tls] or with "
                        "--tls-cert, or try --tls self-signed");
    };
    if (in.config.tls_port) refuse_wish({0, "port", std::to_string(*in.config.tls_port)});
    for (std::size_t i = 0; i < in.config.sites.size(); ++i) {
        const TlsConfig& tls = in.config.sites[i].tls;
        if (!tls.certificates.empty()) {
            in.refuse_value({i, "certificate", tls.certificates.front()},
                            "is not enough: clients that name no site need one, too; name a "
                            "certificate in [tls]");
        }
        if (const auto value = wish(tls, i)) refuse_wish(*value);
    }
}

void check_certificates(const Checked& in, std::size_t site) {
    const TlsConfig& tls = in.config.sites[site].tls;
    if (tls.certificates.empty()) {
        in.refuse_value({site, "certificate", ""},
                        "leaves the site none; name one, or leave the line out to take over those "
                        "of [tls]");
    }
    if (tls.keys.empty() || tls.keys.size() == tls.certificates.size()) return;
    const Value last{site, "key", tls.keys.back()};
    in.refuse_value(last, "is the last: keys " + std::to_string(tls.keys.size()) +
                              ", certificates " + std::to_string(tls.certificates.size()) +
                              "; name a key for each, in the same order, or none if their "
                              "files hold them");
}

/// An authority may stand in [tls] for those sites that ask.
bool is_asked(const Config& config, const std::string& client_ca) {
    return std::any_of(config.sites.begin(), config.sites.end(), [&](const SiteConfig& site) {
        return site.tls.client != "off" && site.tls.client_ca == client_ca;
    });
}

void check_clients(const Checked& in, std::size_t site) {
    const TlsConfig& tls = in.config.sites[site].tls;
    if (tls.client != "off" && tls.client_ca.empty()) {
        in.refuse_value({site, "client", tls.client},
                        "needs client_ca, the file of the authorities that sign the certificates "
                        "of clients");
    }
    if (tls.client == "required" && in.config.tls_port && !tls.redirect) {
        in.refuse_value({site, "client", tls.client},
                        "keeps nobody out on the plain port, where there are no certificates; set "
                        "redirect = on, too");
    }
    if (!tls.client_ca.empty() && !is_asked(in.config, tls.client_ca)) {
        in.refuse_value({site, "client_ca", tls.client_ca},
                        "asks no client for a certificate; set client to optional or required, "
                        "too");
    }
}

void check_redirect(const Checked& in, std::size_t site) {
    if (!in.config.sites[site].tls.redirect || in.config.tls_port) return;
    in.refuse_value({site, "redirect", "on"},
                    "has no plain HTTP to redirect: every port speaks TLS; name another for that "
                    "with port in [tls] or --tls-port");
}

void check_hsts(const Checked& in, std::size_t site) {
    const SiteConfig& checked = in.config.sites[site];
    const bool twice = std::any_of(
        checked.headers.begin(), checked.headers.end(),
        [](const auto& header) { return lower_case(header.first) == "strict-transport-security"; });
    if (!twice || checked.tls.hsts.count() == 0) return;
    in.refuse_value({site, "hsts", duration_text(checked.tls.hsts)},
                    "sends Strict-Transport-Security, and a header of [site] does, too; remove "
                    "one of them");
}

/// Of an entry of Config::bind; nothing: a unix: socket.
std::optional<std::uint16_t> plain_port(const std::string& bind, std::uint16_t port) {
    if (bind.starts_with("unix:")) return std::nullopt;
    const std::size_t colon = bind.rfind(':');
    const bool is_bare_v6 = !bind.starts_with('[') && bind.find(':') != colon;
    if (colon == bind.npos || is_bare_v6) return port;
    const auto own = parse_whole_number(bind.substr(colon + 1));  // Not of "[::1]".
    return own ? static_cast<std::uint16_t>(*own) : port;
}

void check_port(const Checked& in) {
    const Config& config = in.config;
    if (!config.tls_port) return;
    const Value port{0, "port", std::to_string(*config.tls_port)};
    const auto refuse_same = [&] {
        in.refuse_value(port,
                        "is the port of plain HTTP, too; choose another, or name none here and "
                        "that port speaks TLS");
    };
    bool has_address = config.bind.empty();
    if (has_address && *config.tls_port == config.port && config.port != 0) refuse_same();
    for (const std::string& bind : config.bind) {
        const auto plain = plain_port(bind, config.port);
        if (!plain) continue;
        has_address = true;
        if (*plain == *config.tls_port && *plain != 0) refuse_same();
    }
    if (has_address) return;
    in.refuse_value(port, "has no address: unix: sockets stay plain; name one with bind, too");
}

/// Empty: the file can be read.
std::string file_trouble(const std::string& path) {
    struct stat status {};
    const bool there = stat(path.c_str(), &status) == 0;
    if (there && !S_ISREG(status.st_mode)) return "is not a file; name another";
    if (there && faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) return {};
    if (errno == ENOENT) return "does not exist; create it or name another";
    return "cannot be read: " + std::generic_category().message(errno) +
           "; change that or name another";
}

void check_file(const Checked& in, const Value& value) {
    if (const std::string trouble = file_trouble(value.text); !trouble.empty()) {
        in.refuse_value(value, trouble);
    }
}

void check_files(const Checked& in, std::size_t site) {
    const TlsConfig& tls = in.config.sites[site].tls;
    if (in.config.tls_mode == "auto") {
        for (const auto& file : tls.certificates) check_file(in, {site, "certificate", file});
        for (const auto& file : tls.keys) check_file(in, {site, "key", file});
        if (!tls.password_file.empty()) {
            check_file(in, {site, "password_file", tls.password_file});
        }
    }
    if (!tls.client_ca.empty()) check_file(in, {site, "client_ca", tls.client_ca});
}

}  // namespace

void check_tls(const Config& config, const Provenance& provenance) {
    const Checked in{config, provenance};
    if (config.tls_mode == "off") return;
    if (!tls_on(config)) return check_no_wishes(in);
    for (std::size_t i = 0; i < config.sites.size(); ++i) {
        if (config.tls_mode == "auto") check_certificates(in, i);
        check_clients(in, i);
        check_redirect(in, i);
        check_hsts(in, i);
        check_files(in, i);
    }
    check_port(in);
}

std::vector<std::string> keys_open_to_others(const Config& config) {
    std::vector<std::string> open;
    if (!tls_on(config) || config.tls_mode == "self-signed") return open;
    for (const SiteConfig& site : config.sites) {
        const TlsConfig& tls = site.tls;
        for (const std::string& file : tls.keys.empty() ? tls.certificates : tls.keys) {
            struct stat status {};
            const bool is_open = stat(file.c_str(), &status) == 0 && (status.st_mode & 0007) != 0;
            if (is_open && std::find(open.begin(), open.end(), file) == open.end()) {
                open.push_back(file);
            }
        }
    }
    return open;
}

}  // namespace basehttp
