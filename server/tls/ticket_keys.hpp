// The keys that session tickets are encrypted with (RFC 5077 section 4), changed regularly, so that
// a key that leaks opens little of what was recorded.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <mutex>
#include <vector>

namespace basehttp {

/// Shared by all sites of a server, since OpenSSL reads a ticket before it knows the site. Any
/// thread.
class TicketKeys {
  public:
    /// A key makes tickets for half a day and opens them for `session_timeout` more.
    explicit TicketKeys(std::chrono::seconds session_timeout) : session_timeout_(session_timeout) {}
    /// Makes `context` use these keys. They must outlive it.
    void attach(SSL_CTX* context);

    /// Takes over what `others` has now. Before this is used.
    void copy(TicketKeys& others);

  private:
    struct Key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
        std::chrono::steady_clock::time_point made;
    };
    static int callback(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int encrypt);
    int seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
    int open(const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
             EVP_MAC_CTX* mac);
    bool rotate();

    const std::chrono::seconds session_timeout_;
    std::mutex mutex_;       // guards keys_
    std::vector<Key> keys_;  // newest first
};

}  // namespace basehttp
