// What an HTTP server may be told: bounds, deadlines, sizes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/clock.hpp"
#include "server/http1/request_head.hpp"
#include "server/networks.hpp"

namespace basehttp {

class Replay;

/// Set before serving, when each loop takes a copy, or by HTTPServer::reconfigure().
struct HttpSettings {
    HeadLimits head;                      ///< of the request line and header section
    std::uint64_t body = 100u << 20;      ///< bytes; more: 413
    std::size_t body_memory = 64u << 10;  ///< bytes kept in memory, the rest goes to a file
    std::string temp_directory = "/tmp";  ///< of that file, which has no name there

    Networks trusted_proxies;              ///< whose word on the client's address is taken
    bool proxy_protocol = false;           ///< they begin each connection with a PROXY header
    unsigned connections = 0;              ///< open at once; 0: as many as descriptors allow
    unsigned connections_per_address = 0;  ///< of one client; more: 503 or close; 0: any number
    std::size_t min_rate = 240;  ///< bytes a second that a client must send or take; 0: any

    Milliseconds handshake_timeout{10'000};  ///< of TLS; then close
    Milliseconds header_timeout{10'000};     ///< for a whole head; then 408
    Milliseconds idle_timeout{60'000};       ///< between requests; then close
    Milliseconds body_timeout{30'000};       ///< of silence inside a body; then 408
    Milliseconds send_timeout{60'000};       ///< without progress of the client; then close
    Milliseconds shutdown_timeout{30'000};   ///< for running requests at shutdown; then cut

    std::size_t cache_bytes = 64u << 20;  ///< per loop; 0: no cache
    std::size_t cache_entries = 16384;    ///< per loop
    /// Maps a Host to the name of its site, as ResponseCache::canonical_host. Any loop's thread.
    std::function<std::string_view(std::string_view)> canonical_host;
    /// Makes an answer that no cache has, for a GET or HEAD without body; nullptr: a handler does
    /// it. Must not wait. Only where may_replay(), by whatever channel the request came. Any loop's
    /// thread.
    std::function<std::shared_ptr<const Replay>(const RequestHead&)> make_replay;
    bool request_id = false;  ///< Each request has one: X-Request-Id, logs, scripts.
    unsigned loops = 1;       ///< event loops, each a thread; not changed while serving
    bool health = false;      ///< /healthz and /readyz are the server's own, on every socket
};

}  // namespace basehttp
