// A certificate for development, made in memory and signed by itself. Includes OpenSSL: internal.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace basehttp {

struct SelfSigned {
    std::shared_ptr<EVP_PKEY> key;      ///< ECDSA, P-256
    std::shared_ptr<X509> certificate;  ///< Good for 90 days.
};

/// For `names`, for localhost and its addresses, and for this machine's name. Throws TlsError.
SelfSigned make_self_signed_certificate(const std::vector<std::string>& names);

}  // namespace basehttp
