#include "tests/support/test_tls_certificates.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <mutex>
#include <stdexcept>

namespace basehttp {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

constexpr long day = 24 * 3600;

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("TestCa: ") + what);
}

Key make_key(bool rsa) {
    Key key(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
    must(key != nullptr, "no key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

/// All but extensions, issuer and signature.
Certificate blank(const CertificateWish& wish, EVP_PKEY* key) {
    Certificate made(X509_new());
    must(made != nullptr, "no certificate");
    X509_set_version(made.get(), X509_VERSION_3);
    const std::unique_ptr<BIGNUM, Freed<BN_free>> serial(BN_new());
    must(BN_rand(serial.get(), 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1, "no serial");
    BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get()));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from * day);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.to * day);
    X509_set_pubkey(made.get(), key);
    X509_NAME* const name = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>(wish.subject.c_str());
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1, "no name");
    return made;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
}

File open_file(const std::filesystem::path& path) {
    File file(std::fopen(path.c_str(), "we"));
    must(file != nullptr, path.c_str());
    return file;
}

}  // namespace

struct TestCa::Identity {
    Key key = make_key(false);
    Certificate certificate;
};

TestCa::TestCa(const std::string& name) : identity_(std::make_unique<Identity>()) {
    identity_->certificate = blank({.subject = name}, identity_->key.get());
    X509* const own = identity_->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(own, own, NID_subject_key_identifier, "hash");
    must(X509_sign(own, identity_->key.get(), EVP_sha256()) > 0, "not signed");
    PEM_write_X509(open_file(file()).get(), own);
}

TestCa::~TestCa() = default;

const TestCa& TestCa::shared() {
    static const TestCa ca;
    return ca;
}

TlsFiles TestCa::issue(const std::string& name, const CertificateWish& wish) const {
    X509* const issuer = identity_->certificate.get();
    const Key key = make_key(wish.rsa);
    const Certificate made = blank(wish, key.get());
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    add_extension(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(
        made.get(), issuer, NID_key_usage,
        wish.rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature");
    add_extension(made.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(made.get(), issuer, NID_subject_key_identifier, "hash");
    add_extension(made.get(), issuer, NID_authority_key_identifier, "keyid");
    // Nobody asks it, but a certificate that can never be revoked is a finding of testssl.sh.
    add_extension(made.get(), issuer, NID_crl_distribution_points, "URI:http://crl.invalid/ca");
    if (!wish.names.empty())
        add_extension(made.get(), issuer, NID_subject_alt_name, joined(wish.names));
    must(X509_sign(made.get(), identity_->key.get(), EVP_sha256()) > 0, "not signed");

    TlsFiles files{directory_ / (name + ".pem"), directory_ / (name + ".key")};
    PEM_write_X509(open_file(files.certificate).get(), made.get());
    const File key_file = open_file(files.key);
    must(::chmod(files.key.c_str(), 0600) == 0, "the key stays open to all");
    const bool encrypted = !wish.password.empty();
    PEM_write_PrivateKey(key_file.get(), key.get(), encrypted ? EVP_aes_256_cbc() : nullptr,
                         reinterpret_cast<const unsigned char*>(wish.password.data()),
                         static_cast<int>(wish.password.size()), nullptr, nullptr);
    return files;
}

const TlsFiles& TestCa::localhost() const {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (localhost_.key.empty()) localhost_ = issue("localhost");
    return localhost_;
}

}  // namespace basehttp
