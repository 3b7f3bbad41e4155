#include "server/daemon/generation.hpp"

#include <algorithm>
#include <utility>

#include "server/daemon/make_settings.hpp"
#include "server/daemon/make_tls.hpp"

namespace basehttp {
namespace {

/// A self-signed certificate lasts: whoever trusts it would not know the next one.
bool keeps_certificate(const Generation* previous, const Config& next) {
    if (previous == nullptr || next.tls_mode != "self-signed") return false;
    const Config& config = previous->parsed.config;
    return config.tls_mode == "self-signed" &&
           std::equal(config.sites.begin(), config.sites.end(), next.sites.begin(),
                      next.sites.end(), [](const SiteConfig& a, const SiteConfig& b) {
                          return a.names == b.names && a.tls == b.tls;
                      });
}

}  // namespace

std::shared_ptr<const Generation> make_generation(Parsed parsed, SharedScripts& scripts, Log& log,
                                                  const Generation* previous) {
    auto made = std::make_shared<Generation>();
    made->parsed = std::move(parsed);
    const Config& config = made->parsed.config;
    made->tls = keeps_certificate(previous, config)
                    ? previous->tls
                    : make_tls(made->parsed, previous != nullptr ? previous->tls.get() : nullptr);
    made->sites = make_sites(config, scripts, log);
    made->handlers = site_handlers(config, made->sites);
    made->settings = http_settings(config);
    made->settings.canonical_host = [sites = made->sites](std::string_view host) {
        return sites->canonical_name(host);
    };
    made->settings.make_replay = site_replays(config, made->sites);
    return made;
}

HandlerFactory CurrentGeneration::handlers() const {
    return [this](Request& request, const Address& client, BaseServer& server) {
        return get()->handlers(request, client, server);
    };
}

}  // namespace basehttp
