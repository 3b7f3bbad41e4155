#include "server/tls/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "server/tls/tls_context.hpp"

namespace basehttp {
namespace {

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(std::max(0L, size))};
}

std::string hexadecimal(const ASN1_INTEGER* number) {
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> big(ASN1_INTEGER_to_BN(number, nullptr),
                                                          BN_free);
    char* const digits = big ? BN_bn2hex(big.get()) : nullptr;
    std::string text = digits != nullptr ? digits : "";
    OPENSSL_free(digits);
    return text;
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsSites> sites, int socket)
    : sites_(std::move(sites)), ssl_(SSL_new(sites_->fallback().get())), socket_(socket) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket) != 1) {
        ERR_clear_error();
        throw std::bad_alloc();
    }
    BIO* const bio = SSL_get_rbio(ssl_.get());
    BIO_set_callback_ex(bio, observe_read);
    BIO_set_callback_arg(bio, reinterpret_cast<char*>(this));
    SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() {
    BIO_set_callback_ex(SSL_get_rbio(ssl_.get()), nullptr);
    // A session stays good for resumption although its connection ended without ceremony.
    if (!broken_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/// OpenSSL reads on as long as records come that hold nothing for us, such as key updates or wishes
/// to renegotiate. A client that sends them faster than they are looked at would keep the loop.
constexpr std::size_t most_for_data = 48u << 10;        // bytes; one record has 16 KiB
constexpr std::size_t most_for_handshake = 192u << 10;  // a client's chain may have 100 KiB

/// A read that brings less than asked for has emptied the socket: asking again would cost a system
/// call for nothing.
long TlsSession::observe_read(BIO* bio, int operation, const char*, std::size_t size, int, long,
                              int result, std::size_t* processed) {
    auto* const session = reinterpret_cast<TlsSession*>(BIO_get_callback_arg(bio));
    if (operation == BIO_CB_READ && session->may_read_ == 0) {
        BIO_clear_retry_flags(bio);
        return -1;  // fails the call, and so ends the connection
    }
    if (operation == (BIO_CB_READ | BIO_CB_RETURN)) {
        // The kernel gives one record a time, however much there is.
        session->drained_ = result <= 0 || (*processed < size && !session->kernel_receives_);
        if (result > 0) session->may_read_ -= std::min(session->may_read_, *processed);
    }
    return result;
}

TlsSession::Handshake TlsSession::handshake() {
    may_read_ = most_for_handshake;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        kernel_sends_ = BIO_get_ktls_send(SSL_get_wbio(ssl_.get())) == 1;
        kernel_receives_ = BIO_get_ktls_recv(SSL_get_rbio(ssl_.get())) == 1;
        return Handshake::done;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Handshake::waiting;
    broken_ = true;
    failure_ = error == SSL_ERROR_SSL ? openssl_reason() : "the connection ended";
    ERR_clear_error();
    return Handshake::failed;
}

long TlsSession::receive(std::span<char> out) {
    may_read_ = most_for_data;
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
    if (result == 1) return static_cast<long>(count);
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return -1;
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        default:
            break;
    }
    ERR_clear_error();
    broken_ = true;
    return -2;
}

long TlsSession::write(const char* data, std::size_t size) {
    if (broken_) return -2;
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), data, size, &count);
    if (result == 1) {
        blocked_ = 0;
        return static_cast<long>(count);
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
        blocked_ = size;
        return -1;
    }
    ERR_clear_error();
    broken_ = true;
    return -2;
}

long TlsSession::send(std::string_view bytes) {
    return write(bytes.data(), std::min(bytes.size(), record_size));
}

SendStatus TlsSession::send(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent) {
    SendStatus status = send_unsent();
    for (std::uint64_t before = sent; status == SendStatus::sent && !queue.empty();) {
        if (sent - before >= SendQueue::turn) return SendStatus::paused;
        status = gather(queue, scratch, sent);
    }
    if (status == SendStatus::sent) queue.reset();
    return status;
}

/// Makes some records and sends them together: a system call for each would cost a third more.
SendStatus TlsSession::gather(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent) {
    const auto bytes = queue.peek(scratch);
    if (!bytes || bytes->size() < blocked_) return SendStatus::shrunk;
    if (blocked_ > 0) {  // of a record that the socket did not take, OpenSSL wants as many again
        const long count = write(bytes->data(), blocked_);
        if (count < 0) return count == -1 ? SendStatus::blocked : SendStatus::failed;
        queue.advance(static_cast<std::uint64_t>(count));
        sent += static_cast<std::uint64_t>(count);
        return SendStatus::sent;
    }
    thread_local RecordSink sink;
    sink.attach(ssl_.get());
    bool good = true;
    for (std::string_view rest = *bytes; good && !rest.empty();) {
        // A record has less when the client asked for short ones (RFC 6066 section 4).
        const long count = write(rest.data(), std::min(rest.size(), record_size));
        good = count > 0;
        if (good) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    use_socket();
    queue.advance(bytes->size());
    sent += bytes->size();
    const SendStatus status = good ? send_gathered(sink.bytes) : SendStatus::failed;
    sink.bytes.clear();
    return status;
}

/// What the socket does not take waits in a sink of this session, and whatever OpenSSL sends
/// meanwhile, such as the answer to a key update, waits behind it.
SendStatus TlsSession::send_gathered(std::string& records) {
    ssize_t count;
    do count = ::send(socket_, records.data(), records.size(), MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno != EAGAIN) {
        broken_ = true;
        return SendStatus::failed;
    }
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(0, count));
    if (taken == records.size()) return SendStatus::sent;
    unsent_ = std::make_unique<RecordSink>();
    unsent_->bytes = records.substr(taken);
    unsent_->attach(ssl_.get());
    return SendStatus::blocked;
}

SendStatus TlsSession::send_unsent() {
    if (!unsent_) return SendStatus::sent;
    use_socket();
    const auto before = std::move(unsent_);
    return send_gathered(before->bytes);
}

void TlsSession::use_socket() {
    BIO* const socket = SSL_get_rbio(ssl_.get());
    BIO_up_ref(socket);
    SSL_set0_wbio(ssl_.get(), socket);
}

void TlsSession::close_notify() {
    if (broken_ || unsent_) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    broken_ = true;
}

const TlsContext& TlsSession::context() const { return TlsContext::of(ssl_.get()); }

const std::shared_ptr<const TlsInfo>& TlsSession::info() {
    if (info_) return info_;
    auto info = std::make_shared<TlsInfo>();
    info->protocol = SSL_get_version(ssl_.get());
    info->cipher = text_or_empty(SSL_get_cipher_name(ssl_.get()));
    info->server_name = text_or_empty(SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name));
    info->resumed = SSL_session_reused(ssl_.get()) == 1;
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (size > 0) info->alpn.assign(reinterpret_cast<const char*>(protocol), size);
    if (const X509* const client = SSL_get0_peer_certificate(ssl_.get())) {
        info->client_verified = SSL_get_verify_result(ssl_.get()) == X509_V_OK;
        info->client_subject = text_of(X509_get_subject_name(client));
        info->client_issuer = text_of(X509_get_issuer_name(client));
        info->client_serial = hexadecimal(X509_get0_serialNumber(client));
    }
    info_ = std::move(info);
    return info_;
}

}  // namespace basehttp
