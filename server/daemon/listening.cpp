#include "server/daemon/listening.hpp"

#include <set>
#include <system_error>

namespace basehttp {
namespace {

/// What a socket is to speak.
enum class Speech { plain, tls };

/// Why an address cannot be listened on: blames the line that chose what is wrong with it. `bind`
/// is the entry of server.bind, empty for the default.
[[noreturn]] void refuse_address(const Parsed& parsed, const std::string& bind, Speech speech,
                                 const Address& address, const std::error_code& error) {
    const bool in_use = error == std::errc::address_in_use;
    const bool tls_port = speech == Speech::tls && parsed.config.tls_port;
    const bool port_of_bind = address.is_unix() || (!tls_port && Address::parse(bind, 0).port != 0);
    const bool blame_port = bind.empty() || (in_use && !port_of_bind);
    const std::string port = std::to_string(address.port);
    const std::string where =
        blame_port ? blame(parsed.provenance, 0, tls_port ? "tls.port" : "server.port", port)
                   : blame(parsed.provenance, 0, "server.bind", bind);
    std::string text = where + ": cannot listen on " + address.text() + ": " + error.message();
    if (!in_use)
        text += "; name another address with --bind";
    else if (port_of_bind)
        text += "; stop the other server or name another address with --bind";
    else
        text += std::string("; stop the other server or choose another port with ") +
                (tls_port ? "--tls-port" : "--port");
    throw ConfigError(text);
}

void listen_on(HTTPServer& server, const Parsed& parsed, const std::string& bind, Speech speech) {
    const Config& config = parsed.config;
    Address address = Address::parse(bind, config.port);
    if (speech == Speech::tls && config.tls_port) {
        if (address.is_unix()) return;  // stays plain: a proxy of this machine is behind it
        address.port = *config.tls_port;
    }
    try {
        if (speech == Speech::tls)
            server.add_address(address);
        else
            server.add_plain_address(address);
    } catch (const std::system_error& error) {
        refuse_address(parsed, bind, speech, address, error.code());
    }
}

void bind_addresses(HTTPServer& server, const Parsed& parsed) {
    const Config& config = parsed.config;
    const std::vector<std::string> any = {""};
    std::set<std::string> tls_hosts;  // two ports of one address have one for TLS beside them
    for (const std::string& bind : config.bind.empty() ? any : config.bind) {
        const bool beside = config.tls_port.has_value();
        if (!server.tls || beside) listen_on(server, parsed, bind, Speech::plain);
        if (server.tls && (!beside || tls_hosts.insert(Address::parse(bind, 0).host).second))
            listen_on(server, parsed, bind, Speech::tls);
    }
}

/// A socket of the service manager speaks TLS when it has the port or a name for it, or when there
/// is no port for TLS alone.
Speech speech_of(const InheritedSocket& socket, const HTTPServer& server, const Config& config) {
    if (!server.tls) return Speech::plain;
    if (!config.tls_port || socket.name == "https" || socket.name == "tls") return Speech::tls;
    const Address address = socket_address(socket.socket.get());
    return !address.is_unix() && address.port == *config.tls_port ? Speech::tls : Speech::plain;
}

bool all_plain(const HTTPServer& server) {
    for (std::size_t i = 0; i < server.addresses().size(); ++i)
        if (!server.is_plain(i)) return false;
    return true;
}

[[noreturn]] void refuse_plain(const Parsed& parsed) {
    const std::string port = std::to_string(parsed.config.tls_port.value_or(0));
    throw ConfigError(blame(parsed.provenance, 0, "tls.port", port) +
                      ": none of the service manager's sockets speaks TLS; name one https "
                      "(FileDescriptorName=https)" +
                      (port == "0" ? "" : " or give it port " + port));
}

}  // namespace

void listen(HTTPServer& server, const Parsed& parsed) {
    std::vector<InheritedSocket> inherited = inherited_sockets();
    for (InheritedSocket& one : inherited) {
        if (speech_of(one, server, parsed.config) == Speech::tls)
            server.add_socket(std::move(one.socket));
        else
            server.add_plain_socket(std::move(one.socket));
    }
    if (inherited.empty()) bind_addresses(server, parsed);
    if (server.tls && all_plain(server)) refuse_plain(parsed);
    server.request_queue_size = parsed.config.backlog;
    server.server_activate();
}

void announce(HTTPServer& server, const Config& config) {
    std::string text = "Serving '" + config.sites.front().root + "' on";
    for (std::size_t i = 0; i < server.addresses().size(); ++i) text += " " + server.url(i);
    server.log().write(LogLevel::info, text + " (Ctrl-C stops)");
}

}  // namespace basehttp
