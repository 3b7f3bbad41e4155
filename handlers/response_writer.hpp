// Where a handler writes its answer: Python's wfile. Frames the content as end_headers decided.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/exchange/outbox.hpp"

namespace basehttp {

/// Owned by a handler, its thread only. Small writes are gathered; the client sees them at the end
/// of the request, when enough has come together, or after flush(). write() and send_file() wait
/// while the client is far behind and throw BrokenPipe when it is gone.
class BASEHTTP_API ResponseWriter {
  public:
    /// How the end of the content is told (RFC 9112 section 6).
    enum class Framing : std::uint8_t {
        raw,         ///< Before end_headers: bytes are sent as they are.
        none,        ///< HEAD, 1xx, 204, 304: content is dropped.
        counted,     ///< Content-Length was sent; more is dropped, less closes the connection.
        chunked,     ///< RFC 9112 section 7.1
        until_close  ///< HTTP/1.0 without a length.
    };

    /// `outbox`: the request's; outlives it.
    explicit ResponseWriter(Outbox& outbox) : outbox_(outbox) {}

    /// Content, copied. Any number of times.
    void write(std::string_view bytes);
    /// Content that `owner` keeps alive; not copied.
    void write_shared(std::shared_ptr<const void> owner, std::string_view bytes);
    /// A region of a file; read by the loop while it sends.
    void send_file(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t length);
    /// Lets the client have what was written so far.
    void flush();

    /// Status line and header fields, and how the content after them is framed.
    void begin_body(std::string_view head, Framing framing, std::uint64_t length = 0);
    /// An interim (1xx) answer, sent at once; the answer itself still has to begin.
    void send_interim(std::string_view head);
    /// The content is complete. False: it is shorter than announced, or nothing was framed, so
    /// that the connection must close. Asked again it says the same.
    [[nodiscard]] bool end();
    /// The content stays incomplete: no end is sent, and end() returns false.
    void abandon() { abandoned_ = true; }
    /// Drops what is written from now on.
    void refuse_more() { refused_ = true; }

    /// Whether bytes of an answer came here, interim ones aside.
    bool begun() const { return framing_ != Framing::raw || raw_bytes_ > 0; }
    /// Whether the header section is over, so that only content may follow.
    bool framed() const { return framing_ != Framing::raw; }
    /// What begin_body() was told.
    Framing framing() const { return framing_; }
    /// Bytes of content so far, without framing.
    std::uint64_t body_bytes() const { return framed() ? body_bytes_ : raw_bytes_; }
    /// Bytes of Content-Length that were not written.
    std::uint64_t missing() const { return left_; }
    /// Bytes that were dropped because they were more than Content-Length.
    std::uint64_t excess() const { return excess_; }

  private:
    std::uint64_t admit(std::uint64_t bytes);
    void push_buffer();
    void push_segment(Segment segment);

    Outbox& outbox_;
    Framing framing_ = Framing::raw;
    std::string head_;     // bytes outside the content's framing, before content_
    std::string content_;  // not yet framed
    bool abandoned_ = false, ended_ = false, refused_ = false;
    std::uint64_t left_ = 0;
    std::uint64_t body_bytes_ = 0, raw_bytes_ = 0, excess_ = 0;

    static constexpr std::size_t gather = 32u << 10;
};

}  // namespace basehttp
