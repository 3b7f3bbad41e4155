#include "config/tls_setting_rows.hpp"

#include <algorithm>

#include "config/setting_kinds.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours kDay{24};

using Rows = std::vector<Setting>;
using Texts = std::vector<std::string>;

/// One in a line: names of files may have blanks.
std::string add_file(Texts& files, std::string_view text) {
    files.emplace_back(text);
    return {};
}

Texts file_lines(const Texts& files) { return files; }

bool any_text(std::string_view) { return true; }

/// OpenSSL's syntax, ciphers(1); which names there are, OpenSSL knows.
bool is_cipher_list(std::string_view text) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:+!@=., ";
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

void add_certificates(Rows& rows) {
    const char* s = "tls";
    rows.push_back({s, "certificate", "tls-cert,tls-certificate", "FILE",
                    "Certificate with its chain, PEM; it turns TLS on; repeatable, one for each "
                    "type of key",
                    list_field(&TlsConfig::certificates, add_file, file_lines)});
    rows.push_back({s, "key", "tls-key", "FILE",
                    "Private key of the certificate, PEM; none: it is in the certificate's file; "
                    "repeatable, in the same order",
                    list_field(&TlsConfig::keys, add_file, file_lines)});
    rows.push_back({s, "password_file", "tls-password-file", "FILE",
                    "File whose first line is the password of the private keys",
                    text_field(&TlsConfig::password_file, "", any_text)});
}

void add_of_site(Rows& rows) {
    const char* s = "tls";
    rows.push_back({s, "client", "tls-client", "WHETHER",
                    "Whether clients are asked for a certificate: off, optional or required",
                    choice_field(&TlsConfig::client, {"off", "optional", "required"})});
    rows.push_back({s, "client_ca", "tls-client-ca", "FILE",
                    "Certificates of the authorities that sign those of clients, PEM",
                    text_field(&TlsConfig::client_ca, "", any_text)});
    rows.push_back({s, "redirect", "tls-redirect", "on|off",
                    "Send plain HTTP requests on to https; needs --tls-port",
                    switch_field(&TlsConfig::redirect)});
    rows.push_back({s, "hsts", "tls-hsts", "TIME",
                    "How long browsers shall use https only (Strict-Transport-Security); 0: they "
                    "are told nothing",
                    seconds_field(&TlsConfig::hsts, 0s, 3650 * kDay)});
}

void add_shared(Rows& rows) {
    const char* s = "tls";
    rows.push_back({s, "mode", "tls", "MODE",
                    "auto (on with a certificate), off, or self-signed, for development",
                    choice_field(&Config::tls_mode, {"auto", "off", "self-signed"})});
    rows.push_back({s, "port", "tls-port", "PORT",
                    "Port of each address that speaks TLS, beside that of plain HTTP; 0: any free "
                    "one; none: the server's own port speaks TLS",
                    optional_number_field(&Config::tls_port, 0, 65535)});
    rows.push_back({s, "min_version", "tls-min-version", "VERSION",
                    "Lowest version of TLS that is spoken: 1.2 or 1.3",
                    choice_field(&Config::tls_min_version, {"1.2", "1.3"})});
    rows.push_back({s, "ciphers", "tls-ciphers", "LIST",
                    "Ciphers of TLS 1.2, as OpenSSL names them; none: Mozilla's intermediate list",
                    text_field(&Config::tls_ciphers,
                               "is not a list of ciphers such as "
                               "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
                               is_cipher_list)});
    rows.push_back({s, "tickets", "tls-tickets", "on|off",
                    "Resume sessions from tickets, which clients keep",
                    switch_field(&Config::tls_tickets)});
    rows.push_back({s, "session_timeout", "tls-session-timeout", "TIME",
                    "How long a session may be resumed",
                    seconds_field(&Config::tls_session_timeout, 1s, 7 * kDay)});
}

}  // namespace

void add_tls_rows(Rows& rows) {
    for (auto* add : {add_certificates, add_of_site, add_shared}) add(rows);
}

}  // namespace basehttp
