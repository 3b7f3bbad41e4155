// All that a set of settings was made into. A reload makes the next one beside it; requests that
// are under way keep what they began with.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "config/config_reader.hpp"
#include "handlers/files/static_site.hpp"
#include "server/daemon/make_sites.hpp"
#include "server/http_server.hpp"

namespace basehttp {

/// Immutable; any thread.
struct Generation {
    Parsed parsed;
    std::shared_ptr<const SiteMap> sites;
    HandlerFactory handlers;
    std::shared_ptr<const TlsSites> tls;  ///< nullptr: nothing speaks TLS
    HttpSettings settings;
};

/// `scripts` lasts longer than one generation. Throws ConfigError or std::system_error, and then
/// nothing has changed.
std::shared_ptr<const Generation> make_generation(Parsed parsed, SharedScripts& scripts, Log& log,
                                                  const Generation* previous);

/// The generation that new requests get. Any thread.
class CurrentGeneration {
  public:
    std::shared_ptr<const Generation> get() const {
        const std::lock_guard lock(mutex_);
        return current_;
    }
    void set(std::shared_ptr<const Generation> next) {
        const std::lock_guard lock(mutex_);
        current_.swap(next);
    }
    /// Hands each request to the present generation. This must outlive the server.
    HandlerFactory handlers() const;

  private:
    mutable std::mutex mutex_;  // guards current_; GCC 12's atomic shared_ptr has a race on arm64
    std::shared_ptr<const Generation> current_;
};

}  // namespace basehttp
