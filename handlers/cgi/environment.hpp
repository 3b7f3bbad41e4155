// The environment of a script: the meta-variables of RFC 3875 section 4.1, those that Apache adds
// and scripts rely on, one HTTP_* per header field, and what the settings say. A pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/headers.hpp"

namespace basehttp {

struct TlsInfo;

/// "NAME=value", no name twice, no NUL anywhere.
using Environment = std::vector<std::string>;

/// What a script is told about its request. Views; valid as long as the request.
struct ScriptRequest {
    std::string_view method;
    std::string_view request_uri;      ///< the target as received
    std::string_view query;            ///< as received, without '?'
    std::string_view protocol;         ///< "HTTP/1.1"
    std::string_view scheme;           ///< "http" or "https"
    std::string_view script_name;      ///< decoded URL path of the script
    std::string_view path_info;        ///< decoded, "" if none
    std::string_view script_filename;  ///< absolute
    std::string_view host;         ///< as in the Host field: maybe empty, with a port, "[v6]:port"
    std::string_view server_name;  ///< used when host is empty
    std::string_view server_address;
    std::uint16_t server_port = 0;
    std::string_view client_address;   ///< empty: came by a unix socket
    std::uint16_t client_port = 0;     ///< 0: not known
    std::string_view server_software;  ///< "basehttpd/0.1"
    std::string_view unique_id;        ///< of the run
    std::string_view request_id;       ///< HTTP_X_REQUEST_ID whatever the client sent; "" if none
    std::string_view remote_user;      ///< verified login, "" if none
    std::string_view auth_type;
    const TlsInfo* tls = nullptr;  ///< how the connection is protected; nullptr: it is not
    std::optional<std::uint64_t> content_length;  ///< of the decoded body; nullopt: there is none
};

/// Where a name is set twice, the later of these wins: settings.inherited_env, what the request
/// says, settings.env (but UNIQUE_ID stays). A value that has a NUL is not passed on at all.
///
/// A client by a unix socket has no address, but REMOTE_ADDR must have a value: it is 127.0.0.1,
/// as such a client is on this machine; REMOTE_PORT is then not set. SERVER_NAME is the host, else
/// server_name, server_address, "localhost"; SERVER_PORT without a port is the usual one of the
/// scheme. Fields that come several times are joined with ", ", Cookie with "; "; HTTP_HOST is
/// `host`, so that it never differs from SERVER_NAME.
///
/// Under TLS there are HTTPS=on and the variables that Apache's mod_ssl has: SSL_PROTOCOL,
/// SSL_CIPHER, SSL_TLS_SNI, SSL_SESSION_RESUMED, SSL_CLIENT_VERIFY (SUCCESS or NONE),
/// SSL_CLIENT_S_DN, SSL_CLIENT_I_DN and SSL_CLIENT_M_SERIAL.
///
/// No HTTP_* for: Proxy (programs take HTTP_PROXY for their own setting), Content-Type and
/// Content-Length (have their own variables), Transfer-Encoding (the body comes decoded),
/// Proxy-Authorization, Authorization unless settings.pass_authorization, and any name with
/// something else than letters, digits and '-': "Foo_Bar" must not pose as "Foo-Bar".
Environment script_environment(const ScriptRequest& request, const Headers& headers,
                               const CgiSettings& settings);

}  // namespace basehttp
