#include "server/forking/child_side.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "server/forking/child_record.hpp"

namespace basehttp {
namespace {

/// Waits for room. 0, or errno.
int send_packet(int channel, const msghdr& message) {
    ssize_t count;
    do {
        count = ::sendmsg(channel, &message, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count >= 0 ? 0 : errno;
}

int send_record(int channel, RecordType type, std::string_view content) {
    char first = static_cast<char>(type);
    std::array<iovec, 2> parts{{{&first, 1}, {const_cast<char*>(content.data()), content.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return send_packet(channel, message);
}

/// A record that is whole already.
int send_record(int channel, std::string_view record) {
    return send_record(channel, static_cast<RecordType>(record[0]), record.substr(1));
}

/// Of send_file(): the kernel limits how many descriptors of a user are on their way.
bool means_no_descriptor(int error) {
    return error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM;
}

/// Whether somebody has asked for the handler's next turn.
struct Resume {
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false;

    void ask() {
        const std::lock_guard lock(mutex);
        asked = true;
        changed.notify_one();
    }
    /// False: the time has passed.
    bool wait(std::chrono::milliseconds timeout) {
        std::unique_lock lock(mutex);
        const bool resumed = changed.wait_for(lock, timeout, [this] { return asked; });
        asked = false;
        return resumed;
    }
};

/// Never destroyed: other threads of the child may call resume() while it exits.
Resume& resume() {
    static Resume& only = *new Resume;
    return only;
}

}  // namespace

ChildSide::ChildSide(BaseServer& server, Request& request, Fd channel)
    : server_(server), request_(request), channel_(std::move(channel)) {
    connect();
}

void ChildSide::connect() {
    server_.log().forward_to(
        [channel = channel_.get()](std::optional<LogLevel> level, std::string_view text) {
            if (level)
                send_record(channel, event_record(*level, text));
            else
                send_record(channel, RecordType::access, text.substr(0, longest_record - 1));
        });
    request_.outbox.may_wait = true;
    request_.outbox.set_wake({});
    request_.outbox.on_flush = [this] { send_output(); };
    request_.resume = [] { resume().ask(); };
    request_.on_finished = [this] {
        send_output();
        if (lost_) request_.close_connection = request_.cut_off = true;
        send_record(channel_.get(), end_record(request_));
    };
}

void ChildSide::run() {
    try {
        take_turns();
    } catch (...) {
        server_.handle_error(request_, request_.client_address());
    }
    server_.shutdown_request(request_);
}

/// As the loop does for a server without children.
void ChildSide::take_turns() {
    for (;;) {
        server_.finish_request(request_, request_.client_address());
        if (!request_.wants_another_turn()) return;
        if (request_.wants_body) break;
        wait_for_turn();
    }
    request_.close_connection = true;
    server_.log().write(LogLevel::error,
                        "A handler asked for the body of a request that it was to "
                        "refuse; the connection closes");
}

void ChildSide::wait_for_turn() {
    send_output();
    if (!resume().wait(request_.turn_timeout)) request_.turn_timed_out = true;
}

/// All that the handler has written. Called by Outbox::push and flush on this same thread, so that
/// push has no need to wait.
void ChildSide::send_output() {
    note_shutdown();
    SendQueue queue;
    if (!request_.outbox.take(queue)) return;
    while (!queue.empty()) {
        std::uint64_t sent = 0;
        if (!send_front(queue, sent)) {
            lost_ = true;
            return request_.outbox.cancel();
        }
        queue.advance(sent);
    }
    request_.outbox.drained();
}

/// False: the answer cannot be completed; logged, unless it is the parent that has had enough.
bool ChildSide::send_front(const SendQueue& queue, std::uint64_t& sent) const {
    const Segment& segment = queue.front();
    if (!segment.is_file()) {
        sent = std::min<std::uint64_t>(segment.length, longest_record - 1);
        return is_sent(send_record(channel_.get(), RecordType::data, {segment.memory(), sent}));
    }
    const int error = send_file(segment);
    sent = segment.length;
    return means_no_descriptor(error) ? send_part(segment, sent) : is_sent(error);
}

bool ChildSide::is_sent(int error) const {
    if (error == 0) return true;
    if (error != EPIPE && error != ECONNRESET) log_loss(std::strerror(error));
    return false;
}

void ChildSide::log_loss(std::string_view why) const {
    server_.log().write(LogLevel::error,
                        "An answer to " + request_.client_address().text() + " \"" +
                            std::string(request_.head().request_line) +
                            "\" was cut off in its child process: " + std::string(why));
}

/// The first bytes of a region of a file that the parent cannot be given.
bool ChildSide::send_part(const Segment& region, std::uint64_t& sent) const {
    std::array<char, longest_record - 1> bytes;
    ssize_t count;
    do {
        count =
            ::pread(region.file, bytes.data(), std::min<std::uint64_t>(region.length, bytes.size()),
                    static_cast<off_t>(region.offset));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        log_loss(count == 0 ? "its file has shrunk" : std::strerror(errno));
        return false;
    }
    sent = static_cast<std::uint64_t>(count);
    return is_sent(send_record(channel_.get(), RecordType::data, {bytes.data(), sent}));
}

/// The parent sends it: a child need not wait until a slow client has a long file. 0, or errno.
int ChildSide::send_file(const Segment& region) const {
    std::string record = file_record({region.offset, region.length});
    iovec part{record.data(), record.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &region.file, sizeof(int));
    return send_packet(channel_.get(), message);
}

/// The parent says it by closing its direction of the channel.
void ChildSide::note_shutdown() {
    pollfd polled{channel_.get(), POLLIN, 0};
    if (on_shutdown && ::poll(&polled, 1, 0) > 0) std::exchange(on_shutdown, nullptr)();
}

void ChildSide::pass_on_shutdown() { send_record(channel_.get(), RecordType::shutdown, {}); }

}  // namespace basehttp
