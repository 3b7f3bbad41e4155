// Counts TLS handshakes: connects one after the other, asks for a page on each connection, and
// reads it. Prints their number, how many a second, and the 99th percentile in milliseconds.
//     tls_handshakes PORT SECONDS new|resumed
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
SSL_SESSION* latest = nullptr;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "tls_handshakes: %s\n", what);
    ERR_print_errors_fp(stderr);
    std::exit(1);
}

int remember(SSL*, SSL_SESSION* session) {
    SSL_SESSION_free(latest);
    latest = session;
    return 1;
}

SSL_CTX* make_context() {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, remember);
    return context;
}

int connect_to(int port) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("cannot connect");
    return client;
}

void shake_hands(SSL_CTX* context, int port, bool resume) {
    constexpr std::string_view request =
        "GET /1k.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const int client = connect_to(port);
    SSL* const tls = SSL_new(context);
    SSL_set_fd(tls, client);
    SSL_set_tlsext_host_name(tls, "localhost");
    const bool resumable = resume && latest != nullptr;
    if (resumable) {
        // OpenSSL lets a TLS 1.3 session be used once; not every server gives a new one then.
        SSL_SESSION* const copy = SSL_SESSION_dup(latest);
        SSL_set_session(tls, copy);
        SSL_SESSION_free(copy);
    }
    if (SSL_connect(tls) != 1) fail("no handshake");
    if (resumable && SSL_session_reused(tls) != 1) fail("the session was not resumed");
    SSL_write(tls, request.data(), static_cast<int>(request.size()));
    std::array<char, 16384> buffer;
    long received = 0;
    for (int count = 0;
         (count = SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()))) > 0;)
        received += count;
    if (received < 1024) fail("no answer");
    SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // keeps the session good
    SSL_free(tls);
    close(client);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) fail("usage: tls_handshakes PORT SECONDS new|resumed");
    const int port = std::atoi(arguments[1]);
    const std::chrono::seconds length(std::atoi(arguments[2]));
    const bool resume = std::string_view(arguments[3]) == "resumed";
    SSL_CTX* const context = make_context();
    std::vector<double> times;
    const auto began = Clock::now();
    while (Clock::now() - began < length) {
        const auto start = Clock::now();
        shake_hands(context, port, resume);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    std::sort(times.begin(), times.end());
    std::printf("%zu %.1f %.3f\n", times.size(), static_cast<double>(times.size()) / seconds,
                times[times.size() * 99 / 100]);
    SSL_CTX_free(context);
}
