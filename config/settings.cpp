#include "config/settings.hpp"

#include <algorithm>
#include <array>

#include "config/cgi_setting_rows.hpp"
#include "config/setting_kinds.hpp"
#include "config/setting_lists.hpp"
#include "config/setting_rules.hpp"
#include "config/tls_setting_rows.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMega = 1u << 20;
constexpr std::uint64_t kGiga = 1u << 30;

bool not_empty(std::string_view text) { return !text.empty(); }
bool empty_or_value(std::string_view text) { return text.empty() || is_field_value(text); }
bool empty_or_token(std::string_view text) { return text.empty() || is_field_name(text); }
bool any_text(std::string_view) { return true; }
bool empty_or_path(std::string_view text) { return text.empty() || is_site_path(text); }

using Rows = std::vector<Setting>;

void add_server(Rows& rows) {
    const char* s = "server";
    rows.push_back({s, "bind", "bind,b", "ADDR",
                    "Address to listen on: ADDR, ADDR:PORT, [V6]:PORT or unix:PATH; repeatable; "
                    "none: all addresses, IPv6 and IPv4",
                    list_field(&Config::bind, add_bind, bind_lines)});
    rows.push_back({s, "port", "port,p", "PORT",
                    "Port of each address that names none; 0: any free one",
                    number_field(&Config::port, 0, 65535)});
    rows.push_back({s, "loops", "loops", "N", "Event loops, each a thread; 0: one per core",
                    number_field(&Config::loops, 0, 256)});
    rows.push_back({s, "threads", "threads", "N",
                    "Worker threads that run handlers; 0: four per core, at least 8",
                    number_field(&Config::threads, 0, 4096)});
    rows.push_back({s, "queue", "queue", "N",
                    "Requests that may wait for a worker thread; more are answered 503",
                    number_field(&Config::queue, 1, 1'000'000)});
    rows.push_back({s, "backlog", "backlog", "N",
                    "Connections that may wait to be accepted, as in listen(2)",
                    number_field(&Config::backlog, 1, 65535)});
    rows.push_back({s, "protocol", "protocol", "VERSION",
                    "Highest version of HTTP that is spoken: HTTP/1.1 or HTTP/1.0",
                    choice_field(&Config::protocol, {"HTTP/1.1", "HTTP/1.0"})});
    rows.push_back(
        {s, "server_header", "server-header", "TEXT",
         "Value of the Server header field; empty: none is sent",
         text_field(&Config::server_header, "is not a header field value", empty_or_value)});
    rows.push_back({s, "temp_directory", "temp-directory", "DIR",
                    "Directory for request bodies that do not fit into memory",
                    text_field(&Config::temp_directory, "is not a directory", not_empty)});
}

void add_privileges(Rows& rows) {
    const char* s = "server";
    rows.push_back({s, "user", "user", "NAME",
                    "User to become once the sockets are bound; for a start as root",
                    text_field(&Config::user, "", any_text)});
    rows.push_back({s, "group", "group", "NAME", "Group to become with it; none: that of the user",
                    text_field(&Config::group, "", any_text)});
    rows.push_back({s, "no_new_privileges", "no-new-privileges", "on|off",
                    "Nothing that is run gains privileges: setuid programs run without them",
                    switch_field(&Config::no_new_privileges)});
    rows.push_back({s, "landlock", "landlock", "on|off",
                    "Confine the server to the files that its settings name, where the kernel can",
                    switch_field(&Config::landlock)});
}

void add_proxies(Rows& rows) {
    const char* s = "server";
    rows.push_back({s, "trusted_proxies", "trusted-proxies", "NETWORKS",
                    "Addresses and networks (10.0.0.0/8, ::1, unix) of proxies that tell a "
                    "client's address by X-Forwarded-For; repeatable",
                    list_field(&Config::trusted_proxies, add_networks, bind_lines)});
    rows.push_back({s, "proxy_protocol", "proxy-protocol", "on|off",
                    "Trusted proxies begin each connection with a PROXY header, version 1 or 2",
                    switch_field(&Config::proxy_protocol)});
    rows.push_back({s, "health", "health", "on|off",
                    "Answer /healthz and /readyz for load balancers, whatever the Host",
                    switch_field(&Config::health)});
    rows.push_back({s, "health_bind", "health-bind", "ADDR:PORT",
                    "One more address, only for /healthz and /readyz, in plain HTTP; repeatable",
                    list_field(&Config::health_bind, add_bind, bind_lines)});
}

void add_limits(Rows& rows) {
    const char* s = "limits";
    rows.push_back({s, "request_line", "limit-request-line", "SIZE",
                    "Longest request line; longer: 414",
                    size_field(&Config::request_line, 64, kMega)});
    rows.push_back({s, "header_bytes", "limit-header-bytes", "SIZE",
                    "Most bytes in all header fields together; more: 431",
                    size_field(&Config::header_bytes, 256, 16 * kMega)});
    rows.push_back({s, "header_fields", "limit-header-fields", "N",
                    "Most header fields in a request; more: 431",
                    number_field(&Config::header_fields, 1, 10000)});
    rows.push_back({s, "body", "limit-body", "SIZE", "Largest request body; larger: 413",
                    size_field(&Config::body, 0, 1024 * kGiga)});
    rows.push_back({s, "body_memory", "limit-body-memory", "SIZE",
                    "Largest request body that is kept in memory; a larger one goes to a file",
                    size_field(&Config::body_memory, 0, kGiga)});
    rows.push_back({s, "ranges", "limit-ranges", "N",
                    "Most ranges in a request; more: the whole file is sent",
                    number_field(&Config::ranges, 0, 1000)});
    rows.push_back({s, "connections", "limit-connections", "N",
                    "Connections open at once; more wait; 0: as many as descriptors allow",
                    number_field(&Config::connections, 0, 10'000'000)});
    rows.push_back({s, "connections_per_address", "limit-connections-per-address", "N",
                    "Connections of one client address; more are closed; 0: no limit",
                    number_field(&Config::connections_per_address, 0, 1'000'000)});
    rows.push_back({s, "min_rate", "limit-min-rate", "SIZE",
                    "Bytes a second that a body or answer under way must reach; 0: any rate",
                    size_field(&Config::min_rate, 0, kGiga)});
}

void add_timeouts(Rows& rows) {
    const char* s = "timeouts";
    rows.push_back({s, "handshake", "handshake-timeout", "TIME",
                    "Time for a TLS handshake; then the connection is closed",
                    duration_field(&Config::handshake_timeout, 1ms, 24h)});
    rows.push_back({s, "header", "header-timeout", "TIME",
                    "Time to send a whole request head; then 408",
                    duration_field(&Config::header_timeout, 1ms, 24h)});
    rows.push_back({s, "idle", "idle-timeout", "TIME",
                    "Time between two requests of a connection; then it is closed",
                    duration_field(&Config::idle_timeout, 1ms, 24h)});
    rows.push_back({s, "body", "body-timeout", "TIME", "Silence within a request body; then 408",
                    duration_field(&Config::body_timeout, 1ms, 24h)});
    rows.push_back({s, "send", "send-timeout", "TIME",
                    "Time in which a client takes nothing of an answer; then it is cut off",
                    duration_field(&Config::send_timeout, 1ms, 24h)});
    rows.push_back({s, "shutdown", "shutdown-timeout", "TIME",
                    "Time that running requests get to finish at SIGTERM or Ctrl-C",
                    duration_field(&Config::shutdown_timeout, 0ms, 24h)});
    rows.push_back({s, "drain_delay", "drain-delay", "TIME",
                    "Time before that in which /readyz says 503 and all else goes on",
                    duration_field(&Config::drain_delay, 0ms, 1h)});
}

void add_cache(Rows& rows) {
    const char* s = "cache";
    rows.push_back({s, "bytes", "cache-bytes", "SIZE", "Size of the cache of a loop; 0: no cache",
                    size_field(&Config::cache_bytes, 0, 1024 * kGiga)});
    rows.push_back({s, "entries", "cache-entries", "N", "Most answers in the cache of a loop",
                    number_field(&Config::cache_entries, 1, 10'000'000)});
    rows.push_back({s, "file", "cache-file", "SIZE",
                    "Largest file whose content is cached; larger ones stay on disk",
                    size_field(&Config::cache_file, 0, kGiga)});
}

void add_log(Rows& rows) {
    const char* s = "log";
    rows.push_back({s, "access", "access-log", "FILE",
                    "Where each request is logged: FILE, - for standard error, or off",
                    text_field(&Config::access_log, "is not FILE, - or off", not_empty)});
    rows.push_back(
        {s, "access_format", "access-format", "FORMAT",
         "auto (python on a terminal, else combined), python, common, combined, json, "
         "or a text with Apache's % directives",
         single_field(&Config::access_format,
                      "is not one of auto, python, common, combined, json, and no "
                      "format such as '%h %t \"%r\" %>s %b'",
                      parse_access_format, [](const std::string& text) { return text; })});
    rows.push_back({s, "error", "error-log", "FILE",
                    "Where the server reports on itself: FILE, or - for standard error",
                    text_field(&Config::error_log, "is not FILE or -", not_empty)});
    rows.push_back({s, "level", "log-level", "LEVEL",
                    "Least that is reported: debug, info, warning or error",
                    choice_field(&Config::log_level, {"debug", "info", "warning", "error"})});
    rows.push_back({s, "request_id", "request-id", "on|off",
                    "Give each request an id: in logs, X-Request-Id and for scripts",
                    switch_field(&Config::request_id)});
}

void add_site(Rows& rows) {
    const char* s = "site";
    rows.push_back({s, "root", "root,directory,d", "DIR", "Directory to serve",
                    text_field(&SiteConfig::root, "is not a directory", not_empty)});
    rows.push_back({s, "tag", "tag", "TEXT",
                    "What its lines in the error log are marked with; none: the first name",
                    text_field(&SiteConfig::tag, "is not a word", empty_or_token)});
    rows.push_back(
        {s, "index", "index", "NAMES",
         "Files that stand for their directory, the first that exists",
         single_field(&SiteConfig::index, "is not a list of file names", parse_index, index_text)});
    rows.push_back({s, "listing", "listing", "on|off",
                    "List a directory that has no index file; off: 403",
                    switch_field(&SiteConfig::listing)});
    rows.push_back({s, "dotfiles", "dotfiles", "on|off",
                    "Serve names that begin with a dot; .well-known always is",
                    switch_field(&SiteConfig::dotfiles)});
    rows.push_back({s, "clean_urls", "clean-urls", "on|off",
                    "Serve about.html as /about, and redirect /about.html there",
                    switch_field(&SiteConfig::clean_urls)});
    rows.push_back(
        {s, "spa", "spa", "PATH", "Page for unknown paths without extension, such as /index.html",
         text_field(&SiteConfig::spa, "is not a path such as /index.html", empty_or_path)});
    rows.push_back(
        {s, "charset", "charset", "NAME", "Character set named for text files; empty: none",
         text_field(&SiteConfig::charset, "is not a name such as utf-8", empty_or_token)});
    rows.push_back({s, "precompressed", "precompressed", "on|off",
                    "Serve FILE.br, FILE.zst or FILE.gz to clients that accept it",
                    switch_field(&SiteConfig::precompressed)});
    rows.push_back({s, "compress", "compress", "on|off", "Compress text and keep it in the cache",
                    switch_field(&SiteConfig::compress)});
}

void add_site_lists(Rows& rows) {
    const char* s = "site";
    rows.push_back({s, "type", "type", "'.EXT TYPE'",
                    "Media type of files with an extension; repeatable",
                    list_field(&SiteConfig::types, add_type, type_lines)});
    rows.push_back({s, "header", "header", "'NAME: VALUE'",
                    "Header field for each answer; repeatable",
                    list_field(&SiteConfig::headers, add_header, header_lines)});
    rows.push_back(
        {s, "cache_control", "cache-control", "'PATTERN VALUE'",
         "Cache-Control of the paths that match; repeatable, the first that matches",
         list_field(&SiteConfig::cache_control, add_cache_control, cache_control_lines)});
    rows.push_back({s, "error_page", "error-page", "'STATUS PATH'",
                    "File of the site to send with an error; repeatable",
                    list_field(&SiteConfig::error_pages, add_error_page, error_page_lines)});
}

Rows make_table() {
    Rows rows;
    for (auto* add : {add_server, add_privileges, add_proxies, add_limits, add_timeouts, add_cache,
                      add_log, add_site, add_site_lists, add_cgi_rows, add_tls_rows}) {
        add(rows);
    }
    return rows;
}

}  // namespace

const std::vector<Setting>& settings() {
    static const Rows table = make_table();
    return table;
}

std::span<const SettingSection> setting_sections() {
    static const std::array<SettingSection, 8> sections = {{{"server", "Server"},
                                                            {"limits", "Limits of a request"},
                                                            {"timeouts", "Timeouts"},
                                                            {"cache", "Cache of each event loop"},
                                                            {"log", "Logs"},
                                                            {"site", "Site", true},
                                                            {"cgi", "CGI", true},
                                                            {"tls", "TLS", true}}};
    return sections;
}

const Setting* find_setting(std::string_view section, std::string_view key) {
    for (const Setting& setting : settings()) {
        if (setting.section == section && setting.key == key) return &setting;
    }
    return nullptr;
}

const Setting* find_setting_of_option(std::string_view option) {
    for (const Setting& setting : settings()) {
        if (setting.option() == option) return &setting;
    }
    return nullptr;
}

std::string default_text(const Setting& setting) {
    const auto lines = setting.field.print(Config{}, SiteConfig{});
    return lines.empty() ? std::string() : lines.front();
}

}  // namespace basehttp
