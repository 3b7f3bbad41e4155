#include "server/exchange/send_queue.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace basehttp {
namespace {

std::optional<std::string_view> peek_file(const Segment& region, std::span<char> scratch) {
    const std::size_t wanted = std::min<std::uint64_t>(region.length, scratch.size());
    ssize_t count;
    do {
        count = ::pread(region.file, scratch.data(), wanted, static_cast<off_t>(region.offset));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return std::nullopt;
    return std::string_view(scratch.data(), static_cast<std::size_t>(count));
}

}  // namespace

Segment Segment::bytes(std::string text) {
    Segment segment;
    segment.length = text.size();
    segment.text = std::move(text);
    return segment;
}

Segment Segment::lent(std::string_view bytes) {
    Segment segment;
    segment.length = bytes.size();
    segment.borrowed = bytes;
    return segment;
}

Segment Segment::shared(std::shared_ptr<const void> owner, std::string_view bytes) {
    Segment segment;
    segment.length = bytes.size();
    segment.owner = std::move(owner);
    segment.borrowed = bytes;
    return segment;
}

Segment Segment::region(std::shared_ptr<const Fd> file, std::uint64_t offset,
                        std::uint64_t length) {
    Segment segment;
    segment.file = file->get();
    segment.owner = std::move(file);
    segment.offset = offset;
    segment.length = length;
    return segment;
}

void SendQueue::clear() {
    segments_ = {};  // gives the memory back: an idle connection holds none
    first_ = 0;
}

void SendQueue::reset() {
    segments_.clear();
    first_ = 0;
}

void SendQueue::keep() {
    for (std::size_t index = first_; index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        if (segment.is_file() || segment.owner || !segment.text.empty()) continue;
        segments_[index] = Segment::bytes({segment.memory(), segment.length});
    }
}

SendStatus SendQueue::send(int socket, std::uint64_t& sent) {
    std::uint64_t this_turn = 0;
    while (!empty()) {
        if (this_turn >= turn) return SendStatus::paused;
        const bool from_file = segments_[first_].is_file();
        const long count = from_file ? send_region(socket) : send_memory(socket);
        if (count > 0) {
            advance(static_cast<std::uint64_t>(count));
            this_turn += static_cast<std::uint64_t>(count);
            sent += static_cast<std::uint64_t>(count);
        } else if (count == 0) {
            return SendStatus::shrunk;
        } else if (errno == EAGAIN) {
            return SendStatus::blocked;
        } else if (errno != EINTR) {
            return from_file && errno == EIO ? SendStatus::shrunk : SendStatus::failed;
        }
    }
    reset();
    return SendStatus::sent;
}

long SendQueue::send_memory(int socket) {
    std::array<iovec, 64> parts;
    std::size_t count = 0;
    std::size_t index = first_;
    for (; index < segments_.size() && count < parts.size() && !segments_[index].is_file(); ++index)
        parts[count++] = {const_cast<char*>(segments_[index].memory()), segments_[index].length};
    const bool more_follows = index < segments_.size();
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
}

long SendQueue::send_region(int socket) {
    const Segment& region = segments_[first_];
    auto offset = static_cast<off_t>(region.offset);
    return ::sendfile(socket, region.file, &offset, std::min<std::uint64_t>(region.length, turn));
}

std::optional<std::string_view> SendQueue::peek(std::span<char> scratch) const {
    const Segment& first = segments_[first_];
    if (first.is_file()) return peek_file(first, scratch);
    if (first.length >= scratch.size() || first_ + 1 == segments_.size())
        return std::string_view(first.memory(), std::min(first.length, scratch.size()));
    std::size_t size = 0;
    for (std::size_t index = first_; index < segments_.size() && size < scratch.size(); ++index) {
        const Segment& segment = segments_[index];
        const std::size_t part = std::min<std::uint64_t>(segment.length, scratch.size() - size);
        if (segment.is_file()) {
            // The start of a small file shares a record with its header.
            const auto bytes = peek_file(segment, scratch.subspan(size, part));
            return std::string_view(scratch.data(), size + (bytes ? bytes->size() : 0));
        }
        std::memcpy(scratch.data() + size, segment.memory(), part);
        size += part;
    }
    return std::string_view(scratch.data(), size);
}

void SendQueue::advance(std::uint64_t count) {
    while (count > 0) {
        Segment& segment = segments_[first_];
        const std::uint64_t part = std::min(count, segment.length);
        segment.offset += part;
        segment.length -= part;
        count -= part;
        if (segment.length > 0) return;
        segment = Segment{};  // frees what it held
        ++first_;
    }
}

}  // namespace basehttp
