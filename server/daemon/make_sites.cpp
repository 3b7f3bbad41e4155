#include "server/daemon/make_sites.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "handlers/cgi/script_gate.hpp"
#include "handlers/cgi_http_request_handler.hpp"
#include "handlers/files/quick_replay.hpp"
#include "handlers/https_redirect_handler.hpp"
#include "handlers/process/cgroup.hpp"
#include "handlers/process/sandbox.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "server/http_server.hpp"

namespace basehttp {
namespace {

std::string read_system_mime_types() {
    std::ifstream file("/etc/mime.types");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Absolute, without final '/'.
std::string absolute_directory(const std::string& path) {
    std::string text = std::filesystem::absolute(path).lexically_normal().string();
    while (!text.empty() && text.back() == '/') text.pop_back();
    return text;
}

ScriptGate::Limits limits_of_scripts(const Config& config) {
    return {config.cgi_children, config.cgi_per_script, config.cgi_queue};
}

/// Makes the sites of a configuration; what they share is made once.
class SiteMaker {
  public:
    SiteMaker(const Config& config, SharedScripts& scripts, Log& log)
        : config_(config), scripts_(scripts), log_(log), mime_types_(read_system_mime_types()) {
        if (has_scripts(config)) prepare_scripts();
    }

    std::shared_ptr<const StaticSite> make(const SiteConfig& from) const {
        auto site = make_files(from, from.root);
        if (has_scripts(from.cgi)) site->cgi = make_cgi(from, site->root);
        return site;
    }

  private:
    void prepare_scripts() {
        if (!scripts_.gate) find_cgroups();
        for (const SiteConfig& site : config_.sites) warn_of_process_limit(site.cgi);
    }

    void find_cgroups() {
        scripts_.gate = std::make_shared<ScriptGate>(limits_of_scripts(config_));
        std::string why_not;
        scripts_.cgroups = ScriptCgroups::find(why_not);
        log_.write(LogLevel::info, scripts_.cgroups
                                       ? "Scripts run in cgroups below " + scripts_.cgroups->path()
                                       : "Scripts are held by process groups: " + why_not);
    }

    void warn_of_process_limit(const CgiConfig& cgi) const {
        const bool holds = (scripts_.cgroups && scripts_.cgroups->has_pids()) || ::geteuid() != 0;
        if (cgi.processes > 0 && !holds)
            log_.write(
                LogLevel::warning,
                "[cgi] processes has no effect: we are root, whom the kernel does not limit, "
                "and have no cgroup for it; run as another user, or with Delegate=yes");
    }

    std::shared_ptr<StaticSite> make_files(const SiteConfig& from, const std::string& root) const {
        auto site = std::make_shared<StaticSite>(DocumentRoot::open(root));
        site->tag = tag_of(from);
        site->index = from.index;
        site->listing = from.listing;
        site->dotfiles = from.dotfiles;
        site->clean_urls = from.clean_urls;
        site->spa = from.spa;
        site->charset = from.charset;
        site->precompressed = from.precompressed;
        site->compress = from.compress;
        site->types.load(mime_types_);
        for (const auto& [extension, type] : from.types) site->types.set(extension, type);
        site->headers = from.headers;
        site->cache_control = from.cache_control;
        site->error_pages = from.error_pages;
        site->max_ranges = config_.ranges;
        site->memory_file = config_.cache_file;
        site->server_header = config_.server_header;
        site->temp_directory = config_.temp_directory;
        return site;
    }

    std::shared_ptr<const CgiSettings> make_cgi(const SiteConfig& from,
                                                const DocumentRoot& root) const {
        const CgiConfig& cgi = from.cgi;
        auto settings = std::make_shared<CgiSettings>();
        settings->cgi_directories = cgi.directories;
        settings->interpreters = cgi.interpreters;
        settings->env = cgi.env;
        for (const std::string& name : cgi.pass_env)
            if (const char* value = std::getenv(name.c_str()))
                settings->inherited_env.push_back(name + "=" + value);
        // The very directory that is open, if a link to it is turned to another one meanwhile.
        settings->document_root =
            root.real_path().empty() ? absolute_directory(from.root) : root.real_path();
        settings->pass_authorization = cgi.authorization;
        settings->etag = cgi.etag;
        for (const std::string& directory : cgi.sendfile) {
            auto files = make_files(from, absolute_directory(directory));
            files->dotfiles = true;
            files->precompressed = files->clean_urls = false;
            files->spa.clear();
            settings->sendfile.push_back(std::move(files));
        }
        settings->header_bytes = cgi.header_bytes;
        const auto first_byte = cgi.first_byte.count() != 0 ? cgi.first_byte : cgi.timeout;
        settings->timeouts = {first_byte, cgi.timeout, cgi.total, cgi.grace, cgi.background};
        settings->limits = {cgi.memory, cgi.processes,
                            std::chrono::duration_cast<std::chrono::seconds>(cgi.cpu)};
        settings->sandbox = make_sandbox(from, settings->document_root);
        settings->cgroups = scripts_.cgroups;
        settings->gate = scripts_.gate;
        settings->queue_timeout = config_.cgi_queue_timeout;
        return settings;
    }

    std::shared_ptr<const Sandbox> make_sandbox(const SiteConfig& from,
                                                const std::string& document_root) const {
        const CgiConfig& cgi = from.cgi;
        if (cgi.sandbox != "strict") return nullptr;
        Sandbox::Options options{cgi.sandbox_read, cgi.sandbox_write, cgi.sandbox_network,
                                 document_root};
        for (const auto& [extension, program] : cgi.interpreters) options.read.push_back(program);
        auto sandbox = Sandbox::strict(options);
        const std::string name = from.names.empty() ? "" : " of " + from.names.front();
        log_.write(sandbox->ruleset() >= 0 ? LogLevel::info : LogLevel::warning,
                   "Sandbox for scripts" + name + ": " + sandbox->description());
        for (const std::string& path : sandbox->skipped())
            log_.write(LogLevel::warning, "Sandbox for scripts" + name + ": '" + path +
                                              "' cannot be opened and stays closed to them");
        return sandbox;
    }

    const Config& config_;
    SharedScripts& scripts_;
    Log& log_;
    const std::string mime_types_;
};

}  // namespace

bool has_scripts(const CgiConfig& cgi) {
    return !cgi.directories.empty() || !cgi.interpreters.empty();
}

bool has_scripts(const Config& config) {
    return std::any_of(config.sites.begin(), config.sites.end(),
                       [](const SiteConfig& site) { return has_scripts(site.cgi); });
}

std::shared_ptr<const SiteMap> make_sites(const Config& config, SharedScripts& scripts, Log& log) {
    const SiteMaker maker(config, scripts, log);
    auto sites = std::make_shared<SiteMap>(maker.make(config.sites.front()));
    for (const SiteConfig& from : config.sites) {
        if (from.names.empty()) continue;
        const auto site = maker.make(from);
        for (const std::string& name : from.names) sites->add(name, site);
    }
    return sites;
}

void limit_scripts(const Config& config, const SharedScripts& scripts) {
    if (scripts.gate) scripts.gate->set_limits(limits_of_scripts(config));
}

namespace {

using Names = std::set<std::string, std::less<>>;

/// The names, as SiteMap knows them, of the sites for which `holds`, when there is TLS.
template <class Holds>
Names names_of(const Config& config, Holds holds) {
    Names names;
    for (const SiteConfig& site : config.sites) {
        if (!tls_on(config) || !holds(site)) continue;
        if (site.names.empty()) names.insert("");
        names.insert(site.names.begin(), site.names.end());
    }
    return names;
}

/// Those whose plain requests are sent on to https.
Names redirected_sites(const Config& config) {
    return names_of(config, [](const SiteConfig& site) { return site.tls.redirect; });
}

/// Those that want a certificate of each client: by plain HTTP there is none.
Names closed_sites(const Config& config) {
    return names_of(config, [](const SiteConfig& site) { return site.tls.client == "required"; });
}

}  // namespace

std::function<std::shared_ptr<const Replay>(const RequestHead&)> site_replays(
    const Config& config, std::shared_ptr<const SiteMap> sites) {
    Names others = redirected_sites(config);
    others.merge(closed_sites(config));
    return [=](const RequestHead& head) -> std::shared_ptr<const Replay> {
        const auto& site = sites->find(head.host);
        if (site->cgi || others.contains(sites->canonical_name(head.host))) return nullptr;
        return make_quick_replay(site, head);
    };
}

HandlerFactory site_handlers(const Config& config, std::shared_ptr<const SiteMap> sites) {
    const bool old_protocol = config.protocol == "HTTP/1.0";
    return [=, redirected = redirected_sites(config), closed = closed_sites(config)](
               Request& request, const Address& client,
               BaseServer& server) -> std::unique_ptr<BaseRequestHandler> {
        const RequestHead& head = request.head();
        const auto& site = sites->find(head.host);
        request.site_tag = site->tag;
        std::unique_ptr<BaseHTTPRequestHandler> handler;
        const std::string_view name = sites->canonical_name(head.host);
        const bool plain = !request.tls && !HTTPSRedirectHandler::is_exempt(head.target);
        // A proxy of this machine is behind a unix socket, and speaks TLS for us; others say so.
        const bool sent_on = redirected.contains(name) && !request.server_address.is_unix() &&
                             !request.https_at_proxy;
        if (plain && (sent_on || closed.contains(name)))
            handler = std::make_unique<HTTPSRedirectHandler>(
                request, client, server,
                sent_on ? dynamic_cast<HTTPServer&>(server).tls_port() : std::uint16_t{0});
        else if (site->cgi)
            handler =
                std::make_unique<CGIHTTPRequestHandler>(request, client, server, site, site->cgi);
        else
            handler = std::make_unique<SimpleHTTPRequestHandler>(request, client, server, site);
        handler->server_version = site->server_header;
        if (old_protocol) handler->protocol_version = "HTTP/1.0";
        return handler;
    };
}

}  // namespace basehttp
