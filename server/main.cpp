// The daemon: settings, logs, sites, sockets, then serving until a signal says stop.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <system_error>
#include <thread>

#include "config/config_reader.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "server/http_server.hpp"

namespace basehttp {
namespace {

constexpr int exit_usage = 2;

LogOptions log_options(const Config& config) {
    static const std::map<std::string, AccessFormat> formats{{"python", AccessFormat::python},
                                                             {"common", AccessFormat::common},
                                                             {"combined", AccessFormat::combined},
                                                             {"json", AccessFormat::json}};
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    const bool interactive = config.access_log == "-" && ::isatty(STDERR_FILENO) == 1;
    const auto format = formats.find(config.access_format);
    LogOptions options;
    options.access = config.access_log;
    options.error = config.error_log;
    options.format = format != formats.end() ? format->second
                     : interactive           ? AccessFormat::python
                                             : AccessFormat::combined;
    options.level = levels.at(config.log_level);
    return options;
}

HttpSettings http_settings(const Config& config) {
    HttpSettings settings;
    settings.head = {config.request_line, config.header_bytes, config.header_fields};
    settings.body = config.body;
    settings.body_memory = config.body_memory;
    settings.temp_directory = config.temp_directory;
    settings.header_timeout = config.header_timeout;
    settings.idle_timeout = config.idle_timeout;
    settings.body_timeout = config.body_timeout;
    settings.send_timeout = config.send_timeout;
    settings.shutdown_timeout = config.shutdown_timeout;
    settings.cache_bytes = config.cache_bytes;
    settings.cache_entries = config.cache_entries;
    settings.loops = config.loops != 0 ? config.loops : std::thread::hardware_concurrency();
    return settings;
}

std::string read_system_mime_types() {
    std::ifstream file("/etc/mime.types");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const StaticSite> make_static_site(const Config& config, const SiteConfig& from,
                                                   const std::string& mime_types) {
    auto site = std::make_shared<StaticSite>(DocumentRoot::open(from.root));
    site->index = from.index;
    site->listing = from.listing;
    site->dotfiles = from.dotfiles;
    site->clean_urls = from.clean_urls;
    site->spa = from.spa;
    site->charset = from.charset;
    site->precompressed = from.precompressed;
    site->compress = from.compress;
    site->types.load(mime_types);
    for (const auto& [extension, type] : from.types) site->types.set(extension, type);
    site->headers = from.headers;
    site->cache_control = from.cache_control;
    site->error_pages = from.error_pages;
    site->max_ranges = config.ranges;
    site->memory_file = config.cache_file;
    site->server_header = config.server_header;
    return site;
}

std::shared_ptr<const SiteMap> make_sites(const Config& config) {
    const std::string mime_types = read_system_mime_types();
    auto sites = std::make_shared<SiteMap>(
        make_static_site(config, config.sites.front(), mime_types));
    for (const SiteConfig& from : config.sites) {
        if (from.names.empty()) continue;
        const auto site = make_static_site(config, from, mime_types);
        for (const std::string& name : from.names) sites->add(name, site);
    }
    return sites;
}

/// Each request goes to the site that its Host names.
HandlerFactory site_handlers(std::shared_ptr<const SiteMap> sites) {
    return [sites = std::move(sites)](Request& request, const Address& client,
                                      BaseServer& server) {
        return std::make_unique<SimpleHTTPRequestHandler>(request, client, server,
                                                          sites->find(request.head().host));
    };
}

std::vector<Address> addresses_of(const Config& config) {
    std::vector<Address> addresses;
    for (const std::string& text : config.bind)
        addresses.push_back(Address::parse(text, config.port));
    if (addresses.empty()) addresses.push_back({"", config.port});
    return addresses;
}

/// Sockets from the service manager, or those that the settings name.
void listen(HTTPServer& server, const Parsed& parsed) {
    std::vector<Fd> inherited = inherited_sockets();
    for (Fd& socket : inherited) server.add_socket(std::move(socket));
    if (inherited.empty()) {
        for (const Address& address : addresses_of(parsed.config)) {
            try {
                server.add_address(address);
            } catch (const std::system_error& error) {
                const bool unix_socket = address.is_unix();
                throw ConfigError(
                    blame(parsed.provenance, 0, unix_socket ? "server.bind" : "server.port",
                          unix_socket ? address.host : std::to_string(address.port)) +
                    ": cannot listen on " + address.text() + ": " + error.code().message() +
                    (error.code() == std::errc::address_in_use
                         ? "; stop the other server or choose another port with --port"
                         : "; name another address with --bind"));
            }
        }
    }
    server.request_queue_size = parsed.config.backlog;
    server.server_activate();
}

/// As many descriptors as this process may have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string url_of(const Address& address) {
    if (address.is_unix()) return address.host;
    const bool any = address.host.empty() || address.host == "::" || address.host == "0.0.0.0";
    return "http://" + Address{any ? "localhost" : address.host, address.port}.text() + "/";
}

void announce(HTTPServer& server, const Config& config) {
    std::string text = "Serving '" + config.sites.front().root + "' on";
    for (const Address& address : server.addresses()) text += " " + url_of(address);
    server.log().write(LogLevel::info, text + " (Ctrl-C stops)");
}

/// SIGINT or SIGTERM: finish what runs. A second one: leave at once.
void serve_until_signal(HTTPServer& server) {
    boost::asio::io_context control;
    boost::asio::signal_set signals(control, SIGINT, SIGTERM);
    std::thread stopper;
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (error) return;
        server.log().write(LogLevel::info, "Stopping: running requests are finished");
        stopper = std::thread([&] {
            server.shutdown();
            control.stop();
        });
        signals.async_wait([](const boost::system::error_code& again, int) {
            if (!again) ::_exit(1);
        });
    });
    std::thread serving([&server] { server.serve_forever(); });
    control.run();
    serving.join();
    if (stopper.joinable()) stopper.join();
}

int serve(const Parsed& parsed) {
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    const auto log = std::make_shared<Log>(log_options(parsed.config));
    ThreadingHTTPServer server({}, site_handlers(make_sites(parsed.config)), false);
    server.set_log(log);
    server.settings = http_settings(parsed.config);
    server.max_waiting = parsed.config.queue;
    server.max_workers = parsed.config.threads != 0
                             ? parsed.config.threads
                             : std::max(8u, 4 * std::thread::hardware_concurrency());
    listen(server, parsed);
    announce(server, parsed.config);
    serve_until_signal(server);
    server.server_close();
    log->write(LogLevel::info, "Stopped");
    return 0;
}

int run(int argc, const char* const* argv) {
    const Parsed parsed = read_config(argc, argv);
    switch (parsed.action) {
        case Action::version: std::cout << "basehttpd " BASEHTTPD_VERSION "\n"; return 0;
        case Action::help:
        case Action::print: std::cout << parsed.text; return 0;
        case Action::check: std::cout << "The configuration is good.\n"; return 0;
        case Action::serve: break;
    }
    return serve(parsed);
}

}  // namespace
}  // namespace basehttp

int main(int argc, char** argv) {
    try {
        return basehttp::run(argc, argv);
    } catch (const basehttp::ConfigError& error) {
        std::cerr << error.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "basehttpd: " << error.what() << '\n';
    }
    return basehttp::exit_usage;
}
