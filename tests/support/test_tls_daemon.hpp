// The daemon over TLS, and clients that others wrote.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/cgi_site.hpp"
#include "tests/support/daemon_fixture.hpp"
#include "tests/support/test_tls_certificates.hpp"

namespace basehttp {

/// "[tls]", a certificate for localhost, and further lines.
inline std::string tls_ini(std::string_view lines = {},
                           const TlsFiles& files = TestCa::shared().localhost()) {
    return "[tls]\ncertificate = " + files.certificate + "\nkey = " + files.key + "\n" +
           std::string(lines);
}

/// A shell script, ended after so many seconds; stderr is part of its output.
inline Run run_script(const std::string& script, int seconds = 30) {
    const TempDir directory;
    const std::string file = directory.write("script.sh", "exec 2>&1\n" + script + "\n");
    return run_command("sh " + file, seconds);
}

/// curl with these options and URLs; it trusts our authority.
inline Run curl(const std::string& options) {
    return run_script("curl -sS --noproxy '*' --max-time 20 --cacert " + TestCa::shared().file() +
                      " " + options);
}

/// `openssl s_client` that sends a request for "/" and stays until the server ends.
inline Run s_client(const Endpoint& endpoint, const std::string& options) {
    return run_script(
        "printf 'GET / HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' | openssl s_client "
        "-ign_eof -verify_return_error -CAfile " +
        TestCa::shared().file() + " -connect 127.0.0.1:" + std::to_string(endpoint.port) + " " +
        options);
}

inline std::string https_url(const Endpoint& endpoint) {
    return "https://127.0.0.1:" + std::to_string(endpoint.port);
}

/// Where a daemon without activation says that it speaks plain HTTP and TLS.
inline void find_ports(const Daemon& daemon, Endpoint& http, Endpoint& https) {
    for (const std::string& url : daemon.announced_urls()) {
        const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
        (url.starts_with("https:") ? https : http).port = port;
    }
}

}  // namespace basehttp
