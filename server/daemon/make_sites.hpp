// From the settings of the sites to what serves them.
#pragma once

#include <functional>
#include <memory>

#include "config/config.hpp"
#include "handlers/cgi/script_gate.hpp"
#include "handlers/files/static_site.hpp"
#include "server/base_request_handler.hpp"
#include "server/exchange/replay.hpp"
#include "server/log/log.hpp"

namespace basehttp {

class ScriptCgroups;

/// What the scripts of all sites share, for as long as the program runs.
struct SharedScripts {
    std::shared_ptr<ScriptGate> gate;
    std::shared_ptr<ScriptCgroups> cgroups;  ///< nullptr: none
};

/// Opens every root. Where a site has scripts it prepares for them (gate, cgroups, sandbox) and
/// tells the log how they are held. Throws std::system_error when something cannot be opened.
std::shared_ptr<const SiteMap> make_sites(const Config& config, SharedScripts& scripts, Log& log);

/// Lets no more scripts run at once, and wait, than these settings say; for a reload that succeeds.
void limit_scripts(const Config& config, const SharedScripts& scripts);

/// Each request goes to the site that its Host names, or is sent on from there to https.
HandlerFactory site_handlers(const Config& config, std::shared_ptr<const SiteMap> sites);

/// HttpSettings::make_replay for the sites that only have files and are open to all.
std::function<std::shared_ptr<const Replay>(const RequestHead&)> site_replays(
    const Config& config, std::shared_ptr<const SiteMap> sites);

/// Whether a site, or any site, has scripts.
bool has_scripts(const CgiConfig& cgi);
bool has_scripts(const Config& config);

}  // namespace basehttp
