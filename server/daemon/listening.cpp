#include "server/daemon/listening.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

namespace basehttp {
namespace {

constexpr std::string_view of_manager = "manager:";

/// What a socket is to speak.
enum class Speech { plain, tls };

/// A socket that the settings ask for.
struct Wanted {
    std::string bind;  ///< the entry of server.bind or health_bind, empty for the default
    Address address;
    SocketRole role;
    bool beside_plain = false;  ///< TLS on a port of its own.

    /// The same for as long as the settings ask for it; its port may be 0 for any.
    std::string name() const { return address.text() + (beside_plain ? " tls" : ""); }
};

/// Why an address cannot be listened on: blames the line that chose what is wrong with it.
[[noreturn]] void refuse_address(const Parsed& parsed, const Wanted& wanted,
                                 const std::error_code& error) {
    const auto& [bind, address, role, beside_plain] = wanted;
    if (role == SocketRole::health)
        throw ConfigError(blame(parsed.provenance, 0, "server.health_bind", bind) +
                          ": cannot listen on " + address.text() + ": " + error.message() +
                          "; name another address with --health-bind");
    const bool in_use = error == std::errc::address_in_use;
    const bool tls_port = beside_plain;
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

/// Those of bind and port, for one kind of speech.
void want(std::vector<Wanted>& all, const Config& config, const std::string& bind, Speech speech) {
    Address address = Address::parse(bind, config.port);
    const bool beside_plain = speech == Speech::tls && config.tls_port;
    if (beside_plain) {
        if (address.is_unix()) return;  // stays plain: a proxy of this machine is behind it
        address.port = *config.tls_port;
    }
    const SocketRole role = speech == Speech::tls ? SocketRole::standard : SocketRole::plain;
    all.push_back({bind, address, role, beside_plain});
}

std::vector<Wanted> sites_wanted(const Config& config) {
    std::vector<Wanted> all;
    const std::vector<std::string> any = {""};
    std::set<std::string> tls_hosts;  // two ports of one address have one for TLS beside them
    const bool tls = tls_on(config), beside = config.tls_port.has_value();
    for (const std::string& bind : config.bind.empty() ? any : config.bind) {
        if (!tls || beside) want(all, config, bind, Speech::plain);
        if (tls && (!beside || tls_hosts.insert(Address::parse(bind, 0).host).second))
            want(all, config, bind, Speech::tls);
    }
    return all;
}

/// A socket of the service manager speaks TLS when it has the port or a name for it, or when there
/// is no port for TLS alone.
SocketRole role_of(const ListeningSocket& socket, const Config& config) {
    const std::string_view name = std::string_view(socket.name).substr(of_manager.size());
    if (name == "health") return SocketRole::health;
    if (!tls_on(config) || name == "http") return SocketRole::plain;
    if (!config.tls_port || name == "https" || name == "tls") return SocketRole::standard;
    const Address address = socket_address(socket.socket.get());
    const bool has_port = !address.is_unix() && address.port == *config.tls_port;
    return has_port ? SocketRole::standard : SocketRole::plain;
}

/// The same socket, for `role` from now on.
std::shared_ptr<const ListeningSocket> for_role(std::shared_ptr<const ListeningSocket> socket,
                                                SocketRole role) {
    if (socket->role == static_cast<int>(role)) return socket;
    auto changed = std::make_shared<ListeningSocket>();
    changed->socket.reset(::fcntl(socket->socket.get(), F_DUPFD_CLOEXEC, 3));
    if (!changed->socket) throw std::system_error(errno, std::generic_category(), "socket");
    changed->role = static_cast<int>(role);
    changed->name = socket->name;
    changed->unix_path = socket->unix_path;
    return changed;
}

[[noreturn]] void refuse_plain(const Parsed& parsed) {
    const std::string port = std::to_string(parsed.config.tls_port.value_or(0));
    throw ConfigError(blame(parsed.provenance, 0, "tls.port", port) +
                      ": none of the service manager's sockets speaks TLS; name one https "
                      "(FileDescriptorName=https)" +
                      (port == "0" ? "" : " or give it port " + port));
}

/// A client that expects TLS there is not to be answered in plain text.
void check_name(const ListeningSocket& socket, const Config& config) {
    const std::string name = socket.name.substr(of_manager.size());
    if ((name == "https" || name == "tls") && !tls_on(config))
        throw ConfigError("basehttpd: the service manager's socket '" + name +
                          "' needs a certificate: name one in section [tls], or name the socket "
                          "http (FileDescriptorName=http)");
}

/// Those of the service manager.
ListeningSockets kept_sockets(const Parsed& parsed, const ListeningSockets& present) {
    ListeningSockets kept;
    bool speaks_tls = false;
    for (const auto& socket : present) {
        if (!std::string_view(socket->name).starts_with(of_manager)) continue;
        check_name(*socket, parsed.config);
        const SocketRole role = role_of(*socket, parsed.config);
        speaks_tls = speaks_tls || role == SocketRole::standard;
        kept.push_back(for_role(socket, role));
    }
    if (!kept.empty() && tls_on(parsed.config) && !speaks_tls) refuse_plain(parsed);
    return kept;
}

std::shared_ptr<ListeningSocket> bind_and_listen(const TCPServer& server, const Wanted& wanted,
                                                 bool share_port) {
    auto made = server.make_socket(wanted.address, static_cast<int>(wanted.role), share_port);
    made->name = wanted.name();
    // Only this tells of two sockets that want the same port, such as 0.0.0.0 and 127.0.0.1.
    if (::listen(made->socket.get(), server.request_queue_size) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    return made;
}

/// Where a socket of `present` is in the way, which has the same port on another address, they
/// share it until that one is closed.
std::shared_ptr<ListeningSocket> bind_wanted(const TCPServer& server, const Wanted& wanted,
                                             const ListeningSockets& present) {
    const auto share = [](const ListeningSocket& socket, int on) {
        return ::setsockopt(socket.socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    };
    try {
        return bind_and_listen(server, wanted, false);
    } catch (const std::system_error& error) {
        bool ours = false;
        for (const auto& socket : present)
            if (socket_address(socket->socket.get()).port == wanted.address.port)
                ours = share(*socket, 1) || ours;
        if (error.code() != std::errc::address_in_use || wanted.address.is_unix() || !ours) throw;
    }
    auto made = bind_and_listen(server, wanted, true);
    share(*made, 0);
    return made;
}

/// The socket that was made for this, or that has its address, out of `present`; nullptr: none.
std::shared_ptr<const ListeningSocket> take_present(ListeningSockets& present,
                                                    const Wanted& wanted) {
    auto found = std::find_if(present.begin(), present.end(),
                              [&](const auto& socket) { return socket->name == wanted.name(); });
    if (found == present.end())
        found = std::find_if(present.begin(), present.end(), [&](const auto& socket) {
            return socket_address(socket->socket.get()).text() == wanted.address.text();
        });
    if (found == present.end()) return nullptr;
    auto socket = std::move(*found);
    present.erase(found);
    return socket;
}

/// Removes the files of unix sockets that were made in vain.
struct MadeFiles {
    std::vector<std::string> paths = {};
    MadeFiles() = default;
    MadeFiles(const MadeFiles&) = delete;
    MadeFiles& operator=(const MadeFiles&) = delete;
    ~MadeFiles() {
        for (const std::string& path : paths) ::unlink(path.c_str());
    }
};

}  // namespace

std::vector<std::pair<std::string, Fd>> manager_sockets() {
    std::vector<std::pair<std::string, Fd>> sockets;
    for (InheritedSocket& one : inherited_sockets())
        sockets.emplace_back(std::string(of_manager) + one.name, std::move(one.socket));
    return sockets;
}

void check_addresses(const Parsed& parsed) {
    const Config& config = parsed.config;
    const auto check = [&](const std::string& bind, SocketRole role) {
        const Address address = Address::parse(bind, config.port);
        if (!address.is_unix()) return;
        const std::filesystem::path file = address.host.substr(5);
        const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
        std::error_code error;
        if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
            error.assign(errno, std::generic_category());
        else if (std::filesystem::is_directory(file))
            error = std::make_error_code(std::errc::is_a_directory);
        if (error) refuse_address(parsed, {bind, address, role}, error);
    };
    for (const std::string& bind : config.bind) check(bind, SocketRole::plain);
    for (const std::string& bind : config.health_bind) check(bind, SocketRole::health);
}

ListeningSockets choose_sockets(const TCPServer& server, const Parsed& parsed,
                                ListeningSockets present) {
    const Config& config = parsed.config;
    ListeningSockets chosen = kept_sockets(parsed, present);
    const auto is_for_sites = [](const auto& socket) {
        return socket->role != static_cast<int>(SocketRole::health);
    };
    std::vector<Wanted> wanted;
    if (std::none_of(chosen.begin(), chosen.end(), is_for_sites)) wanted = sites_wanted(config);
    for (const std::string& bind : config.health_bind)
        wanted.push_back({bind, Address::parse(bind, config.port), SocketRole::health});
    MadeFiles made_files;
    for (const Wanted& one : wanted) {
        if (auto socket = take_present(present, one)) {
            chosen.push_back(for_role(std::move(socket), one.role));
            continue;
        }
        try {
            auto made = bind_wanted(server, one, present);
            if (!made->unix_path.empty()) made_files.paths.push_back(made->unix_path);
            chosen.push_back(std::move(made));
        } catch (const std::system_error& error) {
            refuse_address(parsed, one, error.code());
        }
    }
    made_files.paths.clear();
    return chosen;
}

std::string announcement(const HTTPServer& server, const Config& config) {
    std::string text = "Serving '" + config.sites.front().root + "' on";
    const ListeningSockets sockets = server.sockets();
    for (std::size_t i = 0; i < sockets.size(); ++i)
        if (sockets[i]->role != static_cast<int>(SocketRole::health)) text += " " + server.url(i);
    return text;
}

}  // namespace basehttp
