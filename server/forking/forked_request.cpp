#include "server/forking/forked_request.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

#include "server/forking/child_record.hpp"
#include "server/forking/child_side.hpp"
#include "server/forking/children.hpp"
#include "server/forking/parent_only.hpp"

namespace basehttp {
namespace {

/// Between SIGTERM and SIGKILL.
constexpr std::chrono::seconds grace{2};

struct Received {
    ssize_t size = -1;  // of the record; 0: the child has closed its end; -1: see error
    int error = 0;      // errno; 0: nothing there
    bool whole = true;
    Fd file;
};

Received receive(int channel, std::array<char, longest_record>& buffer) {
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_LEN(sizeof(int));  // the padding has room for a second one
    Received received;
    do {
        received.size = ::recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (received.size < 0 && errno == EINTR);
    if (received.size < 0 && errno != EAGAIN) received.error = errno;
    if (received.size <= 0) return received;
    received.whole = (message.msg_flags & MSG_TRUNC) == 0;
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header), sizeof file);
        received.file.reset(file);
    }
    return received;
}

/// Whether a descriptor could be received: what finds no room is lost.
bool has_descriptor(int any) { return bool(Fd(::fcntl(any, F_DUPFD_CLOEXEC, 0))); }

}  // namespace

ForkedRequest::ForkedRequest(Children& owner, EventLoop& loop, Request& request)
    : owner_(owner),
      loop_(loop),
      request_(&request),
      what_(request.client_address().text() + " \"" + std::string(request.head().request_line) +
            "\"") {
    // No other thread forks while both ends are open here: its child would hold them.
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    channel_.reset(ends[0]);
    Fd child_end(ends[1]);
    process_.emplace([&] {
        channel_.reset();
        ParentOnly::close_all();
        ChildSide side(owner.server(), request, std::move(child_end));
        owner.become_child(side);
        side.run();
    });
}

ForkedRequest::~ForkedRequest() { close(); }

void ForkedRequest::start() {
    if (const auto timeout = owner_.options().request_timeout) limit(loop_.now() + *timeout);
    loop_.watch(process_->pidfd(), EPOLLIN | EPOLLET, *this);
    loop_.watch(channel_.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, *this);
    request_->outbox.set_wake([self = weak_from_this(), &loop = loop_] {
        loop.post([self] {
            if (const auto here = self.lock()) here->progress();
        });
    });
}

void ForkedRequest::on_event(std::uint32_t) { progress(); }

void ForkedRequest::progress() {
    if (over_) return;
    if (request_ != nullptr && request_->outbox.cancelled()) give_up();
    // What the child has written is all there once it has been reaped: so that comes first.
    if (!end_ && (end_ = process_->reap())) owner_.process_ended();
    const bool all_read = read_records();
    if (request_ != nullptr && std::exchange(unflushed_, false)) request_->outbox.flush();
    if (!end_ || !all_read) return;
    log_end();
    if (request_ != nullptr) fail();
    over_ = true;
    close();
    owner_.is_over(*this);
}

/// Whether nothing is left to read now; else this is called again when there is room.
bool ForkedRequest::read_records() {
    constexpr int most_in_one_go = 64;
    std::array<char, longest_record> buffer;
    for (int count = 0; channel_; ++count) {
        if (request_ != nullptr && !has_room()) return false;
        if (count == most_in_one_go) {
            loop_.post([self = shared_from_this()] { self->progress(); });
            return false;
        }
        if (!has_descriptor(channel_.get())) {
            wait_for_descriptors();
            return false;
        }
        Received received = receive(channel_.get(), buffer);
        if (received.error != 0) cannot_read(received.error);
        if (received.size <= 0) return true;
        const auto size = static_cast<std::size_t>(received.size);
        handle_record({buffer.data(), received.whole ? size : 0}, std::move(received.file));
    }
    return true;
}

/// One file at a time, so that an answer of a thousand does not hold a thousand descriptors here.
bool ForkedRequest::has_room() const {
    return !request_->outbox.is_full() && (!file_ || file_.use_count() == 1);
}

void ForkedRequest::handle_record(std::string_view record, Fd file) {
    if (record.empty()) return distrust();
    const std::string_view content = record.substr(1);
    switch (static_cast<RecordType>(record[0])) {
        case RecordType::event:
            return write_event(content);
        case RecordType::access:
            return owner_.server().log().write_access(content);
        case RecordType::shutdown:
            return owner_.server().request_shutdown();
        case RecordType::data:
            note_status(content);
            return relay(Segment::bytes(std::string(content)));
        case RecordType::file:
            return take_file(content, std::move(file));
        case RecordType::end:
            if (request_ == nullptr) return;
            if (!read_end_record(content, *request_)) break;
            return finish_turn();
    }
    distrust();
}

/// It is tried again once a tick.
void ForkedRequest::wait_for_descriptors() {
    if (!std::exchange(lacks_descriptors_, true))
        owner_.server().log().write(
            LogLevel::error, "Out of file descriptors: the answer of a child process for " + what_ +
                                 " waits. Raise LimitNOFILE (ulimit -n)");
}

void ForkedRequest::cannot_read(int error) {
    owner_.server().log().write(LogLevel::error, "The answer of a child process for " + what_ +
                                                     " could not be read: " + std::strerror(error));
    distrust();
}

/// The child has lost its mind: nothing more is read from it.
void ForkedRequest::distrust() {
    loop_.unwatch(channel_.get());
    channel_.reset();
    process_->signal(SIGKILL);
    distrusted_ = true;
}

void ForkedRequest::write_event(std::string_view content) {
    if (const auto event = read_event_record(content))
        owner_.server().log().write(event->level, event->text);
}

/// For the log, should the answer not come to its end: then the child does not tell.
void ForkedRequest::note_status(std::string_view bytes) {
    constexpr std::size_t at = 9;  // "HTTP/1.1 200"
    if (status_ >= 200 || bytes.size() < at + 3 || !bytes.starts_with("HTTP/1.")) return;
    std::from_chars(bytes.data() + at, bytes.data() + at + 3, status_);
}

void ForkedRequest::relay(Segment segment) {
    if (request_ == nullptr) return;
    relayed_ += segment.length;
    unflushed_ = true;
    try {
        request_->outbox.push(std::move(segment));
    } catch (const BrokenPipe&) {  // its wake has been called
    }
}

void ForkedRequest::take_file(std::string_view content, Fd file) {
    const auto region = read_file_record(content);
    if (!region || !file) {
        owner_.server().log().write(LogLevel::error, "A file that a child process sends for " +
                                                         what_ + " could not be taken over");
        return distrust();
    }
    file_ = std::make_shared<const Fd>(std::move(file));
    relay(Segment::region(file_, region->offset, region->length));
}

void ForkedRequest::finish_turn() {
    Request& request = *std::exchange(request_, nullptr);
    request.outbox.set_wake({});
    owner_.server().shutdown_request(request);
}

/// The child is gone and has not ended its answer.
void ForkedRequest::fail() {
    if (relayed_ > 0) return cut_off();
    Request& request = *std::exchange(request_, nullptr);
    request.outbox.set_wake({});
    owner_.answer_failure(request, timed_out_ ? Rejection{504, "The answer took too long"}
                                              : Rejection{500, "Internal Server Error"});
}

void ForkedRequest::cut_off() {
    request_->close_connection = request_->cut_off = true;
    request_->status = status_;
    request_->body_bytes = relayed_;
    request_->log_access = status_ != 0;
    finish_turn();
}

/// The client has left, or the server ends.
void ForkedRequest::give_up() {
    ended_by_us_ = true;
    tell_child_to_end();
    cut_off();
}

void ForkedRequest::tell_child_to_end() {
    if (end_ || kill_at_.count() != 0) return;
    kill_at_ = loop_.now() + grace;
    process_->signal(SIGTERM);
}

void ForkedRequest::limit(std::chrono::microseconds deadline) {
    if (deadline_.count() == 0 || deadline < deadline_) deadline_ = deadline;
}

void ForkedRequest::check_deadline(std::chrono::microseconds now) {
    if (lacks_descriptors_) progress();
    if (over_ || end_) return;
    if (kill_at_.count() != 0 && now >= kill_at_) process_->signal(SIGKILL);
    if (deadline_.count() == 0 || now < deadline_ || timed_out_) return;
    timed_out_ = true;
    tell_child_to_end();
}

void ForkedRequest::tell_shutdown() const {
    if (channel_) ::shutdown(channel_.get(), SHUT_WR);
}

void ForkedRequest::log_end() const {
    // A program that ignores SIGCHLD, or waits for all children, makes every end an unknown one.
    const bool is_no_error =
        end_->is_good() || (end_->kind == ProcessEnd::Kind::unknown && !distrusted_ && !timed_out_);
    if (ended_by_us_ || (request_ == nullptr && is_no_error)) return;
    std::string line = "Child process " + std::to_string(process_->pid()) + " for " + what_ + " ";
    if (distrusted_)
        line += "sent what no child sends, and was killed";
    else
        line += timed_out_ ? "was ended, its time was over" : end_->text();
    line += request_ != nullptr ? " before its answer was complete" : " after its answer";
    owner_.server().log().write(LogLevel::error, line);
}

void ForkedRequest::close() {
    if (process_ && process_->pidfd() >= 0) loop_.unwatch(process_->pidfd());
    if (channel_) loop_.unwatch(channel_.get());
    channel_.reset();
    process_.reset();
}

}  // namespace basehttp
