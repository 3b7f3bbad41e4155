// What is still to be sent on a connection: bytes in memory and regions of files, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/fd.hpp"

namespace basehttp {

/// A piece of an answer. Bytes are owned (`text`), or borrowed from `owner`; a file region names a
/// descriptor that `owner` keeps open.
struct Segment {
    std::string text;
    std::shared_ptr<const void> owner;
    std::string_view borrowed;
    int file = -1;
    std::uint64_t offset = 0;  ///< Where to go on, in the file or in the bytes.
    std::uint64_t length = 0;  ///< Bytes still to send from `offset`.

    static Segment bytes(std::string text);
    /// Bytes that somebody else keeps for as long as the segment exists or until SendQueue::keep().
    static Segment lent(std::string_view bytes);
    static Segment shared(std::shared_ptr<const void> owner, std::string_view bytes);
    static Segment region(std::shared_ptr<const Fd> file, std::uint64_t offset,
                          std::uint64_t length);

    bool is_file() const { return file >= 0; }
    const char* memory() const { return (text.empty() ? borrowed.data() : text.data()) + offset; }
};

enum class SendStatus : std::uint8_t {
    sent,     ///< Nothing is left.
    blocked,  ///< The socket is full; go on when it is writable.
    paused,   ///< This turn's share is used up; go on soon.
    failed,   ///< The peer is gone.
    shrunk,   ///< A file ended early: the message cannot be completed.
};

/// Loop thread only.
class SendQueue {
  public:
    void push(Segment segment) {
        if (segment.length > 0) segments_.push_back(std::move(segment));
    }
    bool empty() const { return first_ == segments_.size(); }
    void clear();
    /// Copies what is only lent.
    void keep();
    /// Ready for the next answer: what was sent is forgotten, its memory kept.
    void reset();
    /// Sends as much as the socket takes, at most about `turn` bytes, and adds to `sent`. All sent:
    /// as after reset().
    SendStatus send(int socket, std::uint64_t& sent);

    /// The next bytes, for a transport that has to see them: a view of what is in memory, or
    /// gathered in `scratch` from memory or a file; no more than `scratch` holds. nullopt: a file
    /// ended early. Not when empty.
    std::optional<std::string_view> peek(std::span<char> scratch) const;
    const Segment& front() const { return segments_[first_]; }
    /// So many bytes were sent.
    void advance(std::uint64_t count);

    static constexpr std::uint64_t turn = 2u << 20;

  private:
    long send_memory(int socket);
    long send_region(int socket);

    std::vector<Segment> segments_;
    std::size_t first_ = 0;  // index of the segment in progress
};

}  // namespace basehttp
