#include "tests/support/test_tls_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace basehttp {
namespace {

constexpr std::size_t largest_record = 16384;

bool poll_for(int socket, short events, int milliseconds) {
    pollfd polled{socket, events, 0};
    int ready;
    do {
        ready = ::poll(&polled, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool is_later(ssize_t count) { return count < 0 && (errno == EAGAIN || errno == EINTR); }

ssize_t send_now(int socket, std::string_view bytes) {
    return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void reset_on_close(int socket) {
    const linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

/// What is sent is there before what another client does later.
ClientStream::ClientStream(Fd socket) : socket_(std::move(socket)) {
    const int at_once = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

ClientStream::ClientStream(Fd socket, const TlsClientOptions& options)
    : ClientStream(std::move(socket)) {
    ssl_ = make_client_tls(options);
    handshake(options.byte_by_byte);
}

ClientStream ClientStream::of_test_transport(Fd socket) {
    if (!over_tls()) return ClientStream(std::move(socket));
    return {std::move(socket), TlsClientOptions{}};
}

ClientStream::~ClientStream() {
    if (!socket_ || !ssl_ || state_ == State::cut) return;
    char byte;
    if (state_ == State::open && readable() && read_now(&byte, 1, true) > 0) {
        reset_on_close(socket_.get());
        return;
    }
    SSL_shutdown(ssl_.get());
    flush();
    ERR_clear_error();
}

void ClientStream::handshake(bool byte_by_byte) {
    for (;;) {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl_.get());
        const int error = SSL_get_error(ssl_.get(), done);
        const std::string why = error == SSL_ERROR_SSL ? tls_error_text() : "";
        if (byte_by_byte) {
            std::array<char, largest_record> hello;
            const int size = BIO_read(SSL_get_wbio(ssl_.get()), hello.data(), hello.size());
            for (int i = 0; i < size; ++i) {
                wait(POLLOUT);
                send_now(socket_.get(), {&hello[static_cast<std::size_t>(i)], 1});
            }
            byte_by_byte = false;
        }
        flush_all();
        if (done == 1) return;
        if (error != SSL_ERROR_WANT_READ) throw std::runtime_error("TLS handshake: " + why);
        wait(POLLIN);
        if (!fetch() && state_ != State::open)
            throw std::runtime_error("TLS handshake: the server ends the connection");
    }
}

void ClientStream::wait(short events) const {
    if (!poll_for(socket_.get(), events, patience * 1000))
        throw std::runtime_error("The server does nothing");
}

/// Plain or decrypted bytes that are there already; 0: none, or the end (state_).
std::size_t ClientStream::read_now(char* bytes, std::size_t size, bool peek) {
    if (!ssl_) {
        const ssize_t got =
            ::recv(socket_.get(), bytes, size, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
        if (got == 0) end(State::ended);
        if (got < 0 && !is_later(got)) end(State::cut);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    std::size_t got = 0;
    ERR_clear_error();
    const int done = peek ? SSL_peek_ex(ssl_.get(), bytes, size, &got)
                          : SSL_read_ex(ssl_.get(), bytes, size, &got);
    if (done == 1) return got;
    const int error = SSL_get_error(ssl_.get(), done);
    if (error == SSL_ERROR_ZERO_RETURN) end(State::ended);
    if (error == SSL_ERROR_SSL) {
        tls_error_ = tls_error_text();
        end(State::cut);
    }
    return 0;
}

/// Moves what the socket has to OpenSSL. False when there was nothing, or the end.
bool ClientStream::fetch() {
    std::array<char, 65536> bytes;
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0)
        return BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(got)) > 0;
    if (!is_later(got)) end(State::cut);
    return false;
}

bool ClientStream::receive(std::string& input) {
    std::array<char, 65536> bytes;
    for (;;) {
        const std::size_t got = read_now(bytes.data(), bytes.size(), false);
        input.append(bytes.data(), got);
        if (got > 0) return true;
        if (state_ != State::open) return false;
        wait(POLLIN);
        if (ssl_) fetch();
    }
}

bool ClientStream::readable() {
    char byte;
    do {
        if (read_now(&byte, 1, true) > 0 || state_ != State::open) return true;
    } while (ssl_ && fetch());
    return state_ != State::open;
}

/// Sends what is encrypted, as far as it goes now. False: the connection is cut.
bool ClientStream::flush() {
    if (!ssl_) return true;
    std::array<char, largest_record> bytes;
    for (int got; (got = BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), bytes.size())) > 0;)
        output_.append(bytes.data(), static_cast<std::size_t>(got));
    while (!output_.empty()) {
        const ssize_t count = send_now(socket_.get(), output_);
        if (is_later(count)) return true;
        if (count < 0) return false;
        output_.erase(0, static_cast<std::size_t>(count));
    }
    return true;
}

bool ClientStream::flush_all() {
    for (;;) {
        if (!flush()) return false;
        if (output_.empty()) return true;
        wait(POLLOUT);
    }
}

/// Gives a piece to the kernel, or to output_; how long that piece was. Throws std::system_error.
std::size_t ClientStream::push(std::string_view text) {
    if (!ssl_) {
        const ssize_t count = send_now(socket_.get(), text);
        if (count < 0 && !is_later(count))
            throw std::system_error(errno, std::generic_category(), "send");
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    if (!flush()) throw std::system_error(errno, std::generic_category(), "send");
    if (!output_.empty()) return 0;
    ERR_clear_error();
    const int size = static_cast<int>(std::min(text.size(), largest_record));
    if (SSL_write(ssl_.get(), text.data(), size) != size)
        throw std::system_error(EPIPE, std::generic_category(), tls_error_text());
    if (!flush()) throw std::system_error(errno, std::generic_category(), "send");
    return static_cast<std::size_t>(size);
}

std::size_t ClientStream::send_some(std::string_view text) {
    std::size_t sent = 0;
    try {
        while (sent < text.size()) {
            const std::size_t count = push(text.substr(sent));
            if (count == 0) break;
            sent += count;
        }
    } catch (const std::system_error&) {
    }
    return sent;
}

bool ClientStream::send(std::string_view text) {
    try {
        while (!text.empty()) {
            wait(POLLOUT);
            text.remove_prefix(push(text));
        }
        return flush_all();
    } catch (const std::system_error&) {
        return false;
    }
}

void ClientStream::half_close() {
    if (ssl_) {
        SSL_shutdown(ssl_.get());
        flush_all();
    }
    ::shutdown(socket_.get(), SHUT_WR);
}

void ClientStream::cut() {
    reset_on_close(socket_.get());
    socket_.reset();
}

void ClientStream::truncate() {
    ::shutdown(socket_.get(), SHUT_WR);
    socket_.reset();
}

TlsSession ClientStream::session() const { return TlsSession(SSL_get1_session(ssl_.get())); }

}  // namespace basehttp
