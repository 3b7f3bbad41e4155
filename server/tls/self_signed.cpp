#include "server/tls/self_signed.hpp"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>

#include "server/tls/tls_context.hpp"
#include "server/tls/tls_sites.hpp"

namespace basehttp {
namespace {

constexpr long seconds_valid = 90L * 24 * 3600;

void require(bool good) {
    if (!good) throw TlsError("cannot make a self-signed certificate: " + openssl_reason());
}

std::string subject_names(const std::vector<std::string>& names) {
    std::string text = "DNS:localhost,IP:127.0.0.1,IP:::1";
    std::array<char, 256> host{};
    std::vector<std::string> all = names;
    if (::gethostname(host.data(), host.size() - 1) == 0) all.emplace_back(host.data());
    for (const std::string& name : all) {
        const bool plain = name.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-.") == std::string::npos;
        if (plain && !name.empty() && name != "localhost") text += ",DNS:" + name;
    }
    return text;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

SelfSigned make_self_signed_certificate(const std::vector<std::string>& names) {
    SelfSigned made{{EVP_EC_gen("P-256"), EVP_PKEY_free}, {X509_new(), X509_free}};
    require(made.key != nullptr && made.certificate != nullptr);
    X509* const x509 = made.certificate.get();
    std::uint64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
    require(X509_set_version(x509, X509_VERSION_3) == 1 &&
            ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) == 1 &&
            X509_gmtime_adj(X509_getm_notBefore(x509), -3600) != nullptr &&
            X509_gmtime_adj(X509_getm_notAfter(x509), seconds_valid) != nullptr &&
            X509_set_pubkey(x509, made.key.get()) == 1);
    X509_NAME* const subject = X509_get_subject_name(x509);
    const auto* const name = reinterpret_cast<const unsigned char*>("basehttpd self-signed");
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
            X509_set_issuer_name(x509, subject) == 1);
    add_extension(x509, NID_subject_alt_name, subject_names(names));
    add_extension(x509, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509, NID_key_usage, "critical,digitalSignature");
    add_extension(x509, NID_ext_key_usage, "serverAuth");
    require(X509_sign(x509, made.key.get(), EVP_sha256()) > 0);
    return made;
}

}  // namespace basehttp
