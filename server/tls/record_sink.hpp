// Where TLS records are gathered, so that one system call sends several. Includes OpenSSL:
// internal.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace basehttp {

/// A BIO that takes all that is written and keeps it in `bytes`. Loop thread only.
class RecordSink {
  public:
    /// Throws std::bad_alloc.
    RecordSink();
    RecordSink(const RecordSink&) = delete;
    RecordSink& operator=(const RecordSink&) = delete;
    ~RecordSink();

    /// From now on what `ssl` sends comes here, until it is given another BIO; that must happen
    /// before this is destroyed.
    void attach(SSL* ssl);

    std::string bytes;  ///< Records, whole ones.

  private:
    BIO* bio_;
};

}  // namespace basehttp
