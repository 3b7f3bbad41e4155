#include "server/daemon/make_settings.hpp"

#include <algorithm>
#include <thread>

namespace basehttp {

HttpSettings http_settings(const Config& config) {
    HttpSettings settings;
    settings.head = {config.request_line, config.header_bytes, config.header_fields};
    settings.body = config.body;
    settings.body_memory = config.body_memory;
    settings.temp_directory = config.temp_directory;
    settings.trusted_proxies = Networks(config.trusted_proxies);
    settings.proxy_protocol = config.proxy_protocol;
    settings.connections = config.connections;
    settings.connections_per_address = config.connections_per_address;
    settings.min_rate = config.min_rate;
    settings.handshake_timeout = config.handshake_timeout;
    settings.header_timeout = config.header_timeout;
    settings.idle_timeout = config.idle_timeout;
    settings.body_timeout = config.body_timeout;
    settings.send_timeout = config.send_timeout;
    settings.shutdown_timeout = config.shutdown_timeout;
    // Replayed answers are HTTP/1.1.
    settings.cache_bytes = config.protocol == "HTTP/1.0" ? 0 : config.cache_bytes;
    settings.cache_entries = config.cache_entries;
    settings.health = config.health;
    settings.request_id = config.request_id;
    settings.loops = config.loops != 0 ? config.loops : std::thread::hardware_concurrency();
    return settings;
}

unsigned worker_threads(const Config& config) {
    if (config.threads != 0) return config.threads;
    return std::max(8u, 4 * std::thread::hardware_concurrency());
}

}  // namespace basehttp
