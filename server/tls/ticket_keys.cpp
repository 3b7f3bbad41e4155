#include "server/tls/ticket_keys.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>

namespace basehttp {
namespace {

constexpr std::chrono::hours lifetime{12};

int data_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

bool set_mac(EVP_MAC_CTX* mac, const std::array<unsigned char, 32>& key) {
    char digest[] = "SHA256";
    std::array<unsigned char, 32> copy = key;
    const std::array<OSSL_PARAM, 3> parameters = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, copy.data(), copy.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

}  // namespace

void TicketKeys::attach(SSL_CTX* context) {
    SSL_CTX_set_ex_data(context, data_index(), this);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

void TicketKeys::copy(TicketKeys& others) {
    const std::lock_guard lock(others.mutex_);
    keys_ = others.keys_;
}

/// The answers are OpenSSL's: -1 failure, 0 no such key, 1 good, 2 good, but send a new ticket.
int TicketKeys::callback(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac, int encrypt) {
    auto* const keys =
        static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), data_index()));
    if (keys == nullptr) return -1;
    if (encrypt == 1) return keys->seal(name, iv, cipher, mac);
    const int result = keys->open(name, iv, cipher, mac);
    // RFC 8446 appendix C.4: clients use a ticket once, so each resumption brings them another.
    return result == 1 && SSL_version(ssl) == TLS1_3_VERSION ? 2 : result;
}

/// Drops keys that are too old and makes sure that the first may be used.
bool TicketKeys::rotate() {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(keys_,
                  [&](const Key& key) { return now - key.made > lifetime + session_timeout_; });
    if (!keys_.empty() && now - keys_.front().made < lifetime) return true;
    Key key{};
    key.made = now;
    if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
        RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
        RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1)
        return false;
    keys_.insert(keys_.begin(), key);
    return true;
}

int TicketKeys::seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac) {
    const std::lock_guard lock(mutex_);
    if (!rotate()) return -1;
    const Key& key = keys_.front();
    const EVP_CIPHER* const algorithm = EVP_aes_256_cbc();
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(algorithm)) != 1) return -1;
    std::copy(key.name.begin(), key.name.end(), name);
    const bool good = EVP_EncryptInit_ex(cipher, algorithm, nullptr, key.cipher.data(), iv) == 1 &&
                      set_mac(mac, key.mac);
    return good ? 1 : -1;
}

int TicketKeys::open(const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac) {
    const std::lock_guard lock(mutex_);
    if (!rotate()) return -1;
    const auto key = std::find_if(keys_.begin(), keys_.end(), [name](const Key& one) {
        return std::equal(one.name.begin(), one.name.end(), name);
    });
    if (key == keys_.end()) return 0;
    const bool good =
        set_mac(mac, key->mac) &&
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) == 1;
    if (!good) return -1;
    return key == keys_.begin() ? 1 : 2;
}

}  // namespace basehttp
