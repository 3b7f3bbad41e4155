// TLS on one socket, driven by readiness. Includes OpenSSL: internal.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/exchange/send_queue.hpp"
#include "server/tls/record_sink.hpp"
#include "server/tls/tls_info.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {

/// Loop thread only. The socket is another's and must outlive it. Nothing here waits.
class TlsSession {
  public:
    TlsSession(std::shared_ptr<const TlsSites> sites, int socket);
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;
    ~TlsSession();

    enum class Handshake { done, waiting, failed };
    /// Goes on with the handshake as far as the socket allows.
    Handshake handshake();
    /// Why it failed.
    const std::string& failure() const { return failure_; }

    /// Reads into `out`. 0: the client has finished; -1: nothing there now; -2: it is gone.
    long receive(std::span<char> out);
    /// The socket had an event: what it has may be more than was there at the last read of it.
    void set_readable() { drained_ = false; }
    /// Whether another receive() may bring something before the socket is readable again.
    bool may_have_more() const { return !drained_ || SSL_has_pending(ssl_.get()) == 1; }

    /// Whether the kernel makes the records: then the socket takes plain text, by any call. OpenSSL
    /// must not: of what the socket did not take it would keep a pointer into memory of ours, which
    /// is another connection's by then.
    bool kernel_sends() const { return kernel_sends_; }
    /// Sends one record of `bytes`, the number of its bytes; -1: the socket is full; -2: gone.
    long send(std::string_view bytes);
    /// As SendQueue::send to a socket; what fits into `scratch` is sent together. Also when the
    /// queue is empty but unsent().
    SendStatus send(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent);
    /// Whether records wait for room in the socket.
    bool unsent() const { return unsent_ != nullptr; }
    /// Tells the client that nothing follows (close_notify, RFC 8446 section 6.1). Once.
    void close_notify();

    const TlsContext& context() const;
    const TlsSites& sites() const { return *sites_; }
    /// What was settled; made when first asked for.
    const std::shared_ptr<const TlsInfo>& info();

    static constexpr std::size_t record_size = 16u << 10;  ///< RFC 8446 section 5.1

  private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    static long observe_read(BIO* bio, int operation, const char* data, std::size_t size, int, long,
                             int result, std::size_t* processed);
    SendStatus gather(SendQueue& queue, std::span<char> scratch, std::uint64_t& sent);
    SendStatus send_gathered(std::string& records);
    SendStatus send_unsent();
    void use_socket();
    long write(const char* data, std::size_t size);

    std::shared_ptr<const TlsSites> sites_;  // kept while a connection uses them
    std::unique_ptr<SSL, Free> ssl_;
    const int socket_;
    std::shared_ptr<const TlsInfo> info_;
    std::string failure_;
    std::unique_ptr<RecordSink> unsent_;  // what follows goes there, too
    std::size_t blocked_ = 0;             // bytes of the record that the socket did not take
    std::size_t may_read_ = 0;            // bytes from the socket, in the present call
    bool drained_ = false;  // the last read from the socket brought less than asked for
    bool broken_ = false;   // nothing more may be sent
    bool kernel_sends_ = false, kernel_receives_ = false;
};

}  // namespace basehttp
