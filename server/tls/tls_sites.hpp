// The certificates of a server: which one a client sees, by the name that it asks for (SNI).
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/tls/tls_settings.hpp"

namespace basehttp {

class TicketKeys;
class TlsContext;

/// A certificate, key or setting cannot be used; the text is a sentence that names the file.
class BASEHTTP_API TlsError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Made and filled before serving, immutable after; shared by all loops.
class BASEHTTP_API TlsSites {
  public:
    /// The site for clients that ask for no name, or for one that is not here. Throws TlsError.
    explicit TlsSites(const TlsSettings& fallback);
    ~TlsSites();
    TlsSites(const TlsSites&) = delete;
    TlsSites& operator=(const TlsSites&) = delete;

    /// One more site under its host name, in lower case. Throws TlsError.
    void add(std::string_view name, const TlsSettings& settings);
    /// The same site under one more name.
    void add_alias(std::string_view name, std::string_view known_name);

    /// Clients that have tickets of `previous` may resume their sessions here, unless either asks
    /// for certificates of clients: what was accepted there may no longer be. Before serving.
    void resume_sessions_of(const TlsSites& previous);

    /// The site of the constructor.
    const TlsContext& fallback() const { return *fallback_; }
    /// The site of a host as in SNI or in a Host field: any case, with or without port.
    const TlsContext& find(std::string_view host) const;
    /// Whether a connection that was opened for `opened` may carry a request for `host`: not when
    /// the two ask differently for the client's certificate (RFC 9110 section 7.4: 421).
    bool may_serve(const TlsContext& opened, std::string_view host) const;

  private:
    std::shared_ptr<TlsContext> make(const TlsSettings& settings);

    // Before the contexts, whose making sets it.
    bool asks_clients_ = false;  // any of them
    std::unique_ptr<TicketKeys> ticket_keys_;
    std::shared_ptr<TlsContext> fallback_;
    std::map<std::string, std::shared_ptr<TlsContext>, std::less<>> by_name_;
};

}  // namespace basehttp
