#include "handlers/cgi/environment.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <initializer_list>

#include "handlers/http/ascii.hpp"
#include "server/http1/host.hpp"
#include "server/tls/tls_info.hpp"

namespace basehttp {
namespace {

using namespace std::string_view_literals;

// The variables set so far, found by name through a hash table of open addresses.
class Variables {
  public:
    explicit Variables(std::size_t most) : slots_(std::bit_ceil(2 * most + 1)) {
        entries_.reserve(most);
    }

    void set(std::string_view name, std::initializer_list<std::string_view> parts) {
        if (name.empty() || has_nul(name) || name.find('=') != name.npos) return;
        if (std::any_of(parts.begin(), parts.end(), has_nul)) return;
        std::string& entry = begin_entry(name, slot_of(name));
        for (const std::string_view part : parts) entry.append(part);
    }
    void set(std::string_view name, std::string_view value) { set(name, {value}); }
    void set(std::string_view name, std::uint64_t number) {
        set(name, std::string_view(std::to_string(number)));
    }

    // A header field: joined with those of the same name, in place of anything else.
    void add_field(std::string_view name, std::string_view value) {
        if (has_nul(value)) return;
        Slot& slot = slot_of(name);
        if (slot.is_field) {
            const bool cookie = name == "HTTP_COOKIE";  // RFC 9113 section 8.2.3
            entries_[slot.number - 1].append(cookie ? "; " : ", ").append(value);
            return;
        }
        begin_entry(name, slot).append(value);
        slot.is_field = true;
    }

    Environment take() { return std::move(entries_); }

  private:
    struct Slot {
        std::uint32_t number = 0;  // of the entry, from 1; 0: free
        bool is_field = false;
    };

    static bool has_nul(std::string_view text) { return text.find('\0') != text.npos; }

    Slot& slot_of(std::string_view name) {
        const std::size_t mask = slots_.size() - 1;
        const std::size_t hash = std::hash<std::string_view>{}(name);
        std::size_t at = hash & mask;
        while (slots_[at].number != 0 && !is_name_of(name, entries_[slots_[at].number - 1]))
            at = (at + 1) & mask;
        return slots_[at];
    }

    static bool is_name_of(std::string_view name, std::string_view entry) {
        return entry.starts_with(name) && entry[name.size()] == '=';
    }

    // "NAME=", new or in place of what was there.
    std::string& begin_entry(std::string_view name, Slot& slot) {
        if (slot.number == 0) {
            entries_.emplace_back();
            slot.number = static_cast<std::uint32_t>(entries_.size());
        }
        return entries_[slot.number - 1].assign(name).append(1, '=');
    }

    Environment entries_;
    std::vector<Slot> slots_;
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

// "HTTP_FOO_BAR" of "Foo-Bar"; "" when a script must not see the field.
std::string_view field_variable(std::string_view name, const CgiSettings& settings,
                                std::string& storage) {
    for (const std::string_view hidden : {"proxy"sv, "content-type"sv, "content-length"sv,
                                          "transfer-encoding"sv, "proxy-authorization"sv})
        if (equal_no_case(name, hidden)) return {};
    if (!settings.pass_authorization && equal_no_case(name, "authorization")) return {};
    storage = "HTTP_";
    for (const char c : name) {
        if (!is_ascii_alphanumeric(c) && c != '-') return {};
        storage.push_back(c == '-' ? '_' : upper(c));
    }
    return storage;
}

void set_fields(Variables& variables, const Headers& headers, const CgiSettings& settings) {
    std::string storage;
    for (const HeaderField& field : headers) {
        const std::string_view name = field_variable(field.name, settings, storage);
        if (!name.empty()) variables.add_field(name, field.value);
    }
}

// Without the port, in lower case; an IPv6 address in brackets (RFC 3875 section 4.1.14).
std::string server_name(const ScriptRequest& request) {
    std::string name(host_without_port(request.host));
    if (name.empty()) name = request.server_name;
    if (name.empty()) name = request.server_address;
    if (name.empty()) name = "localhost";
    if (name.find(':') != name.npos && !name.starts_with('[')) name = "[" + name + "]";
    std::transform(name.begin(), name.end(), name.begin(), ascii_lower);
    return name;
}

void set_addresses(Variables& variables, const ScriptRequest& request) {
    const bool by_socket_file = request.client_address.empty();
    const std::string_view client = by_socket_file ? "127.0.0.1"sv : request.client_address;
    variables.set("REMOTE_ADDR", client);
    variables.set("REMOTE_HOST", client);
    if (request.client_port != 0) variables.set("REMOTE_PORT", request.client_port);
    if (!request.server_address.empty()) variables.set("SERVER_ADDR", request.server_address);
    const unsigned usual_port = request.scheme == "https" ? 443 : 80;
    variables.set("SERVER_PORT", request.server_port != 0 ? request.server_port : usual_port);
    variables.set("SERVER_NAME", std::string_view(server_name(request)));
}

void set_paths(Variables& variables, const ScriptRequest& request, const CgiSettings& settings) {
    const std::string_view root = settings.document_root;
    variables.set("DOCUMENT_ROOT", root.empty() ? "/"sv : root);
    variables.set("SCRIPT_NAME", request.script_name);
    variables.set("SCRIPT_FILENAME", request.script_filename);
    if (request.path_info.empty()) return;
    variables.set("PATH_INFO", request.path_info);
    variables.set("PATH_TRANSLATED", {root, request.path_info});
}

void set_request(Variables& variables, const ScriptRequest& request, const Headers& headers) {
    variables.set("GATEWAY_INTERFACE", "CGI/1.1");
    variables.set("SERVER_SOFTWARE", request.server_software);
    variables.set("SERVER_PROTOCOL", request.protocol);
    variables.set("REQUEST_METHOD", request.method);
    variables.set("REQUEST_URI", request.request_uri);
    variables.set("REQUEST_SCHEME", request.scheme);
    if (request.scheme == "https") variables.set("HTTPS", "on");
    variables.set("QUERY_STRING", request.query);
    variables.set("REDIRECT_STATUS", "200");  // php-cgi runs nothing without it
    if (!request.unique_id.empty()) variables.set("UNIQUE_ID", request.unique_id);
    if (request.content_length) variables.set("CONTENT_LENGTH", *request.content_length);
    if (const auto type = headers.get("content-type")) variables.set("CONTENT_TYPE", *type);
    if (request.remote_user.empty()) return;
    variables.set("REMOTE_USER", request.remote_user);
    if (!request.auth_type.empty()) variables.set("AUTH_TYPE", request.auth_type);
}

void set_tls(Variables& variables, const TlsInfo& tls) {
    variables.set("SSL_PROTOCOL", std::string_view(tls.protocol));
    variables.set("SSL_CIPHER", std::string_view(tls.cipher));
    variables.set("SSL_SESSION_RESUMED", tls.resumed ? "Resumed" : "Initial");
    variables.set("SSL_CLIENT_VERIFY", tls.client_verified ? "SUCCESS" : "NONE");
    if (!tls.server_name.empty()) variables.set("SSL_TLS_SNI", std::string_view(tls.server_name));
    if (!tls.client_verified) return;
    variables.set("SSL_CLIENT_S_DN", std::string_view(tls.client_subject));
    variables.set("SSL_CLIENT_I_DN", std::string_view(tls.client_issuer));
    variables.set("SSL_CLIENT_M_SERIAL", std::string_view(tls.client_serial));
}

}  // namespace

Environment script_environment(const ScriptRequest& request, const Headers& headers,
                               const CgiSettings& settings) {
    constexpr std::size_t most_others = 40;  // PATH, the meta-variables, HTTP_HOST, SSL_*
    Variables variables(most_others + settings.inherited_env.size() + headers.size() +
                        settings.env.size());
    variables.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    for (const std::string& inherited : settings.inherited_env) {
        const std::size_t equals = inherited.find('=');
        if (equals == inherited.npos) continue;
        variables.set(std::string_view(inherited).substr(0, equals),
                      std::string_view(inherited).substr(equals + 1));
    }
    set_request(variables, request, headers);
    set_paths(variables, request, settings);
    set_addresses(variables, request);
    if (request.tls != nullptr) set_tls(variables, *request.tls);
    set_fields(variables, headers, settings);
    if (!request.host.empty()) variables.set("HTTP_HOST", request.host);
    if (!request.request_id.empty()) variables.set("HTTP_X_REQUEST_ID", request.request_id);
    for (const auto& [name, value] : settings.env)
        if (name != "UNIQUE_ID")
            variables.set(std::string_view(name),
                          std::string_view(value));  // the run's processes are found by it
    return variables.take();
}

}  // namespace basehttp
