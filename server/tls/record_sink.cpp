#include "server/tls/record_sink.hpp"

#include <openssl/bio.h>

#include <new>

namespace basehttp {
namespace {

int take(BIO* bio, const char* data, std::size_t size, std::size_t* taken) {
    try {
        static_cast<std::string*>(BIO_get_data(bio))->append(data, size);
    } catch (const std::bad_alloc&) {
        return 0;  // no exception may pass through OpenSSL; the connection ends
    }
    *taken = size;
    return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* method() {
    static const BIO_METHOD* const sink = [] {
        BIO_METHOD* const made =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records");
        if (made == nullptr || BIO_meth_set_write_ex(made, take) != 1 ||
            BIO_meth_set_ctrl(made, control) != 1)
            throw std::bad_alloc();
        return made;
    }();
    return sink;
}

}  // namespace

RecordSink::RecordSink() : bio_(BIO_new(method())) {
    if (bio_ == nullptr) throw std::bad_alloc();
    BIO_set_data(bio_, &bytes);
    BIO_set_init(bio_, 1);
}

RecordSink::~RecordSink() { BIO_free(bio_); }

void RecordSink::attach(SSL* ssl) {
    BIO_up_ref(bio_);
    SSL_set0_wbio(ssl, bio_);  // gives up the one before
}

}  // namespace basehttp
