// From the settings of TLS to the certificates that are shown.
#pragma once

#include <memory>

#include "config/config_reader.hpp"
#include "server/log/log.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {

/// nullptr: nothing speaks TLS. Sessions of `previous` can be resumed with what is made, unless
/// either asks for certificates of clients. Throws ConfigError that blames the line of a file that
/// cannot be used.
std::shared_ptr<const TlsSites> make_tls(const Parsed& parsed, const TlsSites* previous = nullptr);

/// Tells the log what an operator should know: a self-signed certificate, a key that others read.
void describe_tls(const TlsSites& tls, const Config& config, Log& log);

}  // namespace basehttp
