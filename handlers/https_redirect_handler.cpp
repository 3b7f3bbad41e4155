#include "handlers/https_redirect_handler.hpp"

#include <algorithm>
#include <string>

#include "handlers/http/ascii.hpp"
#include "server/http1/host.hpp"

namespace basehttp {

HTTPSRedirectHandler::HTTPSRedirectHandler(Request& request_, const Address& client_address_,
                                           BaseServer& server_, std::uint16_t https_port)
    : BaseHTTPRequestHandler(request_, client_address_, server_), https_port_(https_port) {}

bool HTTPSRedirectHandler::is_exempt(std::string_view target) {
    constexpr std::string_view place = "/.well-known/acme-challenge/";
    if (!target.starts_with(place)) return false;
    const std::string_view token = target.substr(place.size());
    return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
        return is_ascii_alphanumeric(c) || c == '-' || c == '_';
    });
}

void HTTPSRedirectHandler::method_not_implemented() {
    std::string host(host_without_port(request.head().host));
    if (host.empty()) {
        const std::string& own = request.server_address.host;
        host = own.find(':') != std::string::npos ? "[" + own + "]" : own;
    }
    if (https_port_ == 0) return send_error(403, "Use https:// for this site");
    if (host.empty() || !path.starts_with('/'))
        return send_error(400, "Use https:// for this site");
    std::string location = "https://" + host;
    if (https_port_ != 443) location += ":" + std::to_string(https_port_);
    send_response(command == "GET" || command == "HEAD" ? 301 : 308);
    send_header("Location", location + path);
    send_header("Content-Length", std::uint64_t{0});
    end_headers();
}

}  // namespace basehttp
