// Certificates for tests, made when they are needed and gone with the process.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// A certificate with its key: names of PEM files.
struct TlsFiles {
    std::string certificate, key;
};

/// What a certificate is to say.
struct CertificateWish {
    std::string subject = "localhost";  ///< its common name
    std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};
    bool rsa = false;           ///< else ECDSA with P-256
    std::string password = {};  ///< of the key; empty: the key is not encrypted
    int from = -1, to = 89;     ///< When it is valid, in days from now.
};

/// A certification authority. Errors throw std::runtime_error.
class TestCa {
  public:
    explicit TestCa(const std::string& name = "basehttp test CA");
    ~TestCa();
    /// The one that clients of this process trust.
    static const TestCa& shared();

    std::string file() const { return directory_ / "ca.pem"; }
    const TempDir& directory() const { return directory_; }
    /// Writes NAME.pem and NAME.key into directory(). `name` is a new one.
    TlsFiles issue(const std::string& name, const CertificateWish& wish = {}) const;
    /// For localhost and 127.0.0.1, made once.
    const TlsFiles& localhost() const;

  private:
    struct Identity;
    TempDir directory_;
    std::unique_ptr<Identity> identity_;
    mutable TlsFiles localhost_;
};

}  // namespace basehttp
