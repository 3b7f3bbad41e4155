// A strict HTTP/1.1 client for tests: blocking calls with a bound, one connection, every byte
// accounted for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/test_tls_stream.hpp"

namespace basehttp {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// An answer as received.
struct Reply {
    int status = 0;
    std::string reason;
    Fields fields;
    std::string body;  ///< without chunked framing
    bool chunked = false;

    /// The value of the only field of that name, "" if there is none. Throws when it is repeated.
    std::string get(std::string_view name) const;
    bool has(std::string_view name) const;
    /// Status line and fields but Date, one a line, to compare and to print.
    std::string head() const;
};

/// Where a server listens.
struct Endpoint {
    std::string host = "127.0.0.1";  ///< IPv4 or IPv6 address, or the path of a unix socket
    std::uint16_t port = 0;          ///< 0 for a unix socket
};

/// A connected stream socket. Throws std::system_error.
Fd connect_to(const Endpoint& endpoint);

/// Speaks the transport of the tests. Every wait ends after ClientStream::patience seconds by
/// throwing std::runtime_error, and so does an answer that is not well-formed: no CRLF, a wrong
/// chunk, an end too early.
class HttpClient {
  public:
    explicit HttpClient(const Endpoint& endpoint)
        : stream_(ClientStream::of_test_transport(connect_to(endpoint))) {}
    /// TLS, whatever the tests speak.
    HttpClient(const Endpoint& endpoint, const TlsClientOptions& tls)
        : stream_(connect_to(endpoint), tls) {}

    /// Sends a request (Host is added unless `fields` has one) and receives its answer.
    Reply request(std::string_view method, std::string_view target, const Fields& fields = {});
    Reply get(std::string_view target, const Fields& fields = {}) {
        return request("GET", target, fields);
    }

    void send(std::string_view text);
    /// The next answer; `to_head`: it has no content.
    Reply receive(bool to_head = false);
    /// Receives the head of an answer only; read_some() gives its content.
    Reply receive_head();
    /// At least one byte, at most `most`; "" at the end.
    std::string read_some(std::size_t most);
    /// Whether the server ends the connection, with nothing more before.
    bool ends();
    /// Whether the server cuts the connection, by its end or a reset, whatever comes before.
    bool is_cut();
    void half_close() { stream_.half_close(); }

    ClientStream& stream() { return stream_; }

  private:
    bool fill();
    std::string line();
    std::string take(std::size_t size);
    std::string take_chunks();

    ClientStream stream_;
    std::string input_;
};

}  // namespace basehttp
