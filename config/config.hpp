// Every setting of the daemon in one struct: its default, its unit and the situation it ends.
// Plain values, immutable once read; included by main only. Includes nobody of ours.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace basehttp {

/// How the scripts of a site run: `[cgi]` sets it for every site, `[cgi NAME...]` for the sites of
/// those names. With neither directories nor interpreters, the site has no CGI.
struct CgiConfig {
    std::vector<std::string> directories;  ///< URL paths, no '/' at the end; "/": the whole site.
    /// extension with dot in lower case, absolute path of a program: anywhere in the site
    std::vector<std::pair<std::string, std::string>> interpreters;
    std::vector<std::pair<std::string, std::string>> env;                  ///< name, value
    std::vector<std::string> pass_env = {"PATH", "TZ", "LANG", "LC_ALL"};  ///< From our own.
    bool authorization = false;                 ///< Pass the Authorization field on to scripts.
    bool etag = false;                          ///< ETag, and 304, for small answers.
    std::vector<std::string> sendfile;          ///< Absolute directories that X-Sendfile may name.
    std::size_t header_bytes = 64u << 10;       ///< Head of a script's answer; more: 502.
    std::chrono::milliseconds timeout{60'000};  ///< Silence; then ended: 504, or cut off.
    std::chrono::milliseconds first_byte{0};    ///< Until the first output; 0: as timeout.
    std::chrono::milliseconds total{0};         ///< Whole run; then ended; 0: no limit.
    std::chrono::milliseconds grace{5'000};     ///< After SIGTERM; then SIGKILL.
    std::chrono::milliseconds background{0};    ///< For processes left behind; then ended.
    std::uint64_t memory = 0;                   ///< Bytes of a process or run; 0: no limit.
    unsigned processes = 0;                     ///< At once in a run; 0: no limit.
    std::chrono::milliseconds cpu{0};           ///< Of a process, whole seconds; 0: no limit.
    std::string sandbox = "off";                ///< off, strict
    std::vector<std::string> sandbox_read;      ///< Absolute paths strict scripts may read.
    std::vector<std::string> sandbox_write;     ///< Absolute paths they may write, too.
    bool sandbox_network = false;               ///< Strict scripts may use TCP.

    bool operator==(const CgiConfig&) const = default;
};

/// How a site speaks TLS: `[tls]` sets it for every site, `[tls NAME...]` for the sites of those
/// names. Where TLS is on by certificates, each site has some.
struct TlsConfig {
    std::vector<std::string> certificates;  ///< PEM files, chains included; one per type of key.
    std::vector<std::string> keys;  ///< PEM files in that order; empty: in those of certificates.
    std::string password_file;      ///< Its first line is the password of the keys; empty: none.
    std::string client = "off";     ///< Certificate asked of clients: off, optional, required
    std::string client_ca;          ///< PEM file of their authorities; empty only with off.
    bool redirect = false;          ///< Plain HTTP is sent on to https; needs Config::tls_port.
    std::chrono::milliseconds hsts{0};  ///< max-age of that field, whole seconds; 0: not sent.

    bool operator==(const TlsConfig&) const = default;
};

/// What one site serves and how. `[site]` sets it for every request whose Host names no other
/// site; `[site NAME...]` copies it and changes what it names.
struct SiteConfig {
    std::vector<std::string> names;  ///< Host names, lower case, no port; empty: the default site.
    std::string root = ".";          ///< Document root; must exist and be a directory.
    std::string tag;                 ///< See tag_of(); no other site has it.
    std::vector<std::string> index = {"index.html", "index.htm"};
    bool listing = true;      ///< List a directory without index file; off: 403.
    bool dotfiles = false;    ///< Serve names that begin with a dot (.well-known always is).
    bool clean_urls = false;  ///< /about serves about.html, /about.html redirects to /about.
    std::string spa;          ///< Page for unknown paths without extension, such as /index.html.
    std::string charset = "utf-8";  ///< For text types; empty: none is named.
    bool precompressed = true;      ///< Serve FILE.br, .zst, .gz beside FILE when accepted.
    bool compress = true;           ///< Compress text on the fly; kept in the cache.
    std::vector<std::pair<std::string, std::string>> types;    ///< extension with dot, MIME type
    std::vector<std::pair<std::string, std::string>> headers;  ///< name, value: on each answer
    std::vector<std::pair<std::string, std::string>> cache_control;  ///< pattern, value; first wins
    std::map<int, std::string> error_pages;  ///< status, path of a file below the root
    CgiConfig cgi;
    TlsConfig tls;

    bool operator==(const SiteConfig&) const = default;
};

struct Config {
    // [server]
    std::vector<std::string> bind;  ///< ADDR, ADDR:PORT, [V6]:PORT or unix:PATH; empty: all.
    std::uint16_t port = 8000;      ///< For each bind entry that names none.
    unsigned loops = 0;             ///< Event loops, each a thread; 0: one per core.
    unsigned threads = 0;   ///< Worker threads that run handlers; 0: 4 per core, at least 8.
    unsigned queue = 1024;  ///< Requests that may wait for a worker; more get 503.
    int backlog = 1024;     ///< listen(2) backlog (Python's request_queue_size).
    std::string protocol = "HTTP/1.1";        ///< HTTP/1.1, HTTP/1.0
    std::string server_header = "basehttpd";  ///< Value of Server; empty: none is sent.
    std::string temp_directory = "/tmp";      ///< For request bodies over limits.body_memory.
    std::string user;   ///< Name or number to become after binding as root; empty: stay.
    std::string group;  ///< Name or number; empty: the user's own.
    bool no_new_privileges = true;  ///< No program that is run gains any (setuid), see prctl(2).
    bool landlock = true;           ///< Only files that the settings name can be opened.
    /// Addresses and networks (10.0.0.0/8, ::1, unix) whose word on the client's address is taken.
    std::vector<std::string> trusted_proxies;
    bool proxy_protocol = false;  ///< Each trusted proxy begins with a PROXY header, v1 or v2.
    bool health = false;          ///< /healthz and /readyz are answered by the server itself.
    std::vector<std::string> health_bind;  ///< As bind; only /healthz and /readyz, in plain HTTP.

    // [limits], bytes unless said otherwise
    std::size_t request_line = 8192;      ///< Longer: 414.
    std::size_t header_bytes = 32768;     ///< All header fields together; more: 431.
    unsigned header_fields = 100;         ///< Number of fields; more: 431.
    std::uint64_t body = 100u << 20;      ///< Request body; more: 413.
    std::size_t body_memory = 64u << 10;  ///< Larger ones go to an unlinked file.
    unsigned ranges = 16;                 ///< Ranges in one request; more: the whole file.
    unsigned connections = 0;  ///< Open at once; more wait; 0: as many as descriptors allow.
    unsigned connections_per_address = 0;  ///< Of one client; more are closed; 0: no limit.
    std::size_t min_rate = 240;  ///< Bytes a second of a body or answer under way; 0: any.

    // [timeouts]
    std::chrono::milliseconds handshake_timeout{10'000};  ///< Of TLS, from accept; then close.
    std::chrono::milliseconds header_timeout{10'000};     ///< Whole request head; then 408.
    std::chrono::milliseconds idle_timeout{60'000};       ///< Between requests; then close.
    std::chrono::milliseconds body_timeout{30'000};       ///< Silence inside a body; then 408.
    std::chrono::milliseconds send_timeout{60'000};       ///< Client reads nothing; then close.
    std::chrono::milliseconds shutdown_timeout{30'000};  ///< Running requests at SIGTERM; then cut.
    std::chrono::milliseconds drain_delay{0};  ///< Before that: not ready, but all is served.

    // [cache], per event loop
    std::size_t cache_bytes = 64u << 20;  ///< Bodies and header blocks; 0 turns the cache off.
    std::size_t cache_entries = 16384;
    std::size_t cache_file = 256u << 10;  ///< Larger files are sent from their descriptor.

    // [log]
    std::string access_log = "-";  ///< FILE, "-" for stderr, "off"
    /// auto (python on a terminal, else combined), python, common, combined, json, or a format
    /// such as '%h %t "%r" %>s %b'
    std::string access_format = "auto";
    std::string error_log = "-";     ///< FILE or "-" for stderr
    std::string log_level = "info";  ///< debug, info, warning, error
    bool request_id = false;         ///< X-Request-Id: taken from trusted proxies, else made.

    // [cgi], the scripts of all sites together
    unsigned cgi_children = 64;    ///< Scripts that run at once; more wait.
    unsigned cgi_per_script = 16;  ///< Of them with the same script; more wait.
    unsigned cgi_queue = 256;      ///< Requests that may wait for that; more: 503.
    std::chrono::milliseconds cgi_queue_timeout{10'000};  ///< In that queue; then 503.

    // [tls], of all sites together
    /// auto (on with a certificate), off, self-signed (for all sites; certificates are not used)
    std::string tls_mode = "auto";
    /// Speaks TLS on each address, beside the plain port; none: port itself speaks TLS.
    std::optional<std::uint16_t> tls_port;
    std::string tls_min_version = "1.2";  ///< 1.2, 1.3
    std::string tls_ciphers;  ///< Of TLS 1.2, OpenSSL's list; empty: Mozilla's intermediate.
    bool tls_tickets = true;  ///< Sessions are resumed from tickets that clients keep.
    std::chrono::milliseconds tls_session_timeout{86'400'000};  ///< Resumed so long; whole seconds.

    std::vector<SiteConfig> sites{1};  ///< The first is the default site.

    bool operator==(const Config&) const = default;
};

/// What marks a site's lines in the error log; empty: nothing.
inline std::string tag_of(const SiteConfig& site) {
    if (!site.tag.empty() || site.names.empty()) return site.tag;
    return site.names.front();
}

/// Whether anything speaks TLS. If not, all of [tls] counts for nothing.
inline bool tls_on(const Config& config) {
    return config.tls_mode == "self-signed" ||
           (config.tls_mode == "auto" && !config.sites.front().tls.certificates.empty());
}

}  // namespace basehttp
