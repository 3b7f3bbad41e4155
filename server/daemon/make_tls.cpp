#include "server/daemon/make_tls.hpp"

#include <fstream>
#include <utility>

#include "config/tls_check.hpp"
#include "server/tls/tls_context.hpp"

namespace basehttp {
namespace {

std::string first_line(const std::string& file) {
    std::string line;
    if (!file.empty()) {
        std::ifstream in(file);
        std::getline(in, line);
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::vector<TlsCertificate> certificates_of(const TlsConfig& from) {
    std::vector<TlsCertificate> certificates;
    const std::string password = first_line(from.password_file);
    for (std::size_t i = 0; i < from.certificates.size(); ++i)
        certificates.push_back(
            {from.certificates[i], i < from.keys.size() ? from.keys[i] : "", password});
    return certificates;
}

TlsSettings settings_of(const Config& config, const TlsConfig& from) {
    using std::chrono::seconds;
    TlsSettings settings;
    settings.self_signed = config.tls_mode == "self-signed";
    if (settings.self_signed) {
        for (const SiteConfig& site : config.sites)
            settings.names.insert(settings.names.end(), site.names.begin(), site.names.end());
    } else {
        settings.certificates = certificates_of(from);
    }
    settings.min_version = config.tls_min_version;
    settings.ciphers = config.tls_ciphers;
    settings.client = from.client == "required"   ? ClientCertificates::required
                      : from.client == "optional" ? ClientCertificates::optional
                                                  : ClientCertificates::off;
    settings.client_ca = from.client_ca;
    settings.tickets = config.tls_tickets;
    settings.session_timeout = std::chrono::duration_cast<seconds>(config.tls_session_timeout);
    settings.hsts = std::chrono::duration_cast<seconds>(from.hsts);
    return settings;
}

/// The setting that named what an error speaks of.
std::pair<std::string, std::string> guilty_setting(const Config& config, const TlsConfig& tls,
                                                   std::string_view error) {
    const auto names = [error](const std::string& value) {
        return !value.empty() && error.find("'" + value + "'") != std::string_view::npos;
    };
    if (names(config.tls_ciphers)) return {"tls.ciphers", config.tls_ciphers};
    if (names(tls.client_ca)) return {"tls.client_ca", tls.client_ca};
    for (const std::string& key : tls.keys)
        if (names(key)) return {"tls.key", key};
    for (const std::string& certificate : tls.certificates)
        if (names(certificate)) return {"tls.certificate", certificate};
    return {"tls.mode", config.tls_mode};
}

/// Runs `make`, and blames the line of a setting that it cannot use.
template <class Make>
auto blaming(const Parsed& parsed, std::size_t site, Make make) {
    try {
        return make();
    } catch (const TlsError& error) {
        const auto [name, value] =
            guilty_setting(parsed.config, parsed.config.sites[site].tls, error.what());
        throw ConfigError(blame(parsed.provenance, site, name, value) + ": " + error.what());
    }
}

}  // namespace

std::shared_ptr<const TlsSites> make_tls(const Parsed& parsed, const TlsSites* previous) {
    const Config& config = parsed.config;
    if (!tls_on(config)) return nullptr;
    const auto sites = blaming(parsed, 0, [&] {
        return std::make_shared<TlsSites>(settings_of(config, config.sites.front().tls));
    });
    for (std::size_t i = 0; i < config.sites.size(); ++i) {
        const SiteConfig& site = config.sites[i];
        if (site.names.empty() || site.tls == config.sites.front().tls) continue;
        blaming(parsed, i, [&] { sites->add(site.names.front(), settings_of(config, site.tls)); });
        for (std::size_t n = 1; n < site.names.size(); ++n)
            sites->add_alias(site.names[n], site.names.front());
    }
    if (previous != nullptr) sites->resume_sessions_of(*previous);
    return sites;
}

void describe_tls(const TlsSites& tls, const Config& config, Log& log) {
    if (config.tls_mode == "self-signed")
        log.write(LogLevel::warning,
                  "TLS with a self-signed certificate, for development only; its fingerprint is " +
                      tls.fallback().fingerprint());
    for (const SiteConfig& site : config.sites) {
        const std::string name = site.names.empty() ? "" : site.names.front();
        const std::string_view trouble = tls.find(name).date_trouble();
        if (!trouble.empty())
            log.write(LogLevel::warning, "The certificate" + (name.empty() ? "" : " of " + name) +
                                             " " + std::string(trouble) +
                                             ": clients will refuse it; renew it and restart");
    }
    for (const std::string& file : keys_open_to_others(config))
        log.write(LogLevel::warning, "The private key '" + file +
                                         "' is open to every user of this machine: chmod o= it");
}

}  // namespace basehttp
