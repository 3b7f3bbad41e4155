#include "server/daemon/make_settings.hpp"

#include <thread>

namespace basehttp {

HttpSettings http_settings(const Config& config) {
    HttpSettings settings;
    settings.head = {config.request_line, config.header_bytes, config.header_fields};
    settings.body = config.body;
    settings.body_memory = config.body_memory;
    settings.temp_directory = config.temp_directory;
    settings.handshake_timeout = config.handshake_timeout;
    settings.header_timeout = config.header_timeout;
    settings.idle_timeout = config.idle_timeout;
    settings.body_timeout = config.body_timeout;
    settings.send_timeout = config.send_timeout;
    settings.shutdown_timeout = config.shutdown_timeout;
    // Replayed answers are HTTP/1.1.
    settings.cache_bytes = config.protocol == "HTTP/1.0" ? 0 : config.cache_bytes;
    settings.cache_entries = config.cache_entries;
    settings.loops = config.loops != 0 ? config.loops : std::thread::hardware_concurrency();
    return settings;
}

}  // namespace basehttp
