#include "tests/support/memory_request.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <iterator>

namespace basehttp {
namespace {

const Address client{"192.0.2.7", 4711};

/// What a loop would send. A socket pair stands in for the connection.
std::string take_output(Outbox& outbox) {
    SendQueue queue;
    outbox.take(queue);
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
    const Fd ours(pair[0]), theirs(pair[1]);
    std::string text;
    std::array<char, 65536> buffer;
    for (bool more = true; more;) {
        std::uint64_t sent = 0;
        const SendStatus status = queue.send(ours.get(), sent);
        REQUIRE(status != SendStatus::failed);
        REQUIRE(status != SendStatus::shrunk);
        more = status != SendStatus::sent;
        for (ssize_t count; (count = ::recv(theirs.get(), buffer.data(), buffer.size(), 0)) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    outbox.drained();
    return text;
}

}  // namespace

std::string_view MemoryServer::Answer::head() const {
    const std::size_t end = bytes.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    return std::string_view(bytes).substr(0, end + 2);
}

std::string_view MemoryServer::Answer::body() const {
    return std::string_view(bytes).substr(head().size() + 2);
}

bool MemoryServer::Answer::has(std::string_view line) const {
    return head().find("\r\n" + std::string(line) + "\r\n") != std::string_view::npos;
}

MemoryServer::MemoryServer(HandlerFactory handler, bool python_messages)
    : BaseServer({"127.0.0.1", 8000}, std::move(handler)) {
    set_log(std::make_shared<Log>(LogOptions{.access = (directory_ / "access").string(),
                                             .error = (directory_ / "error").string(),
                                             .format = AccessFormat::combined,
                                             .level = LogLevel::debug,
                                             .python_messages = python_messages}));
}

MemoryServer::~MemoryServer() = default;

MemoryServer::Answer MemoryServer::run(std::string_view text, bool body_later) {
    RequestHead head;
    const HeadResult result = parse_request_head(text, {}, head);
    CAPTURE(text);
    REQUIRE(result.status == HeadStatus::complete);
    Request request(std::string(text), head, text.data(), client);
    const std::string_view body = text.substr(result.consumed);
    request.body_complete = !body_later;
    if (!body_later) REQUIRE(request.body.append(body));
    return finish(request, body);
}

MemoryServer::Answer MemoryServer::run_rejected(std::string_view text, int code,
                                                std::string reason) {
    RequestHead head;
    parse_request_head(text, {}, head);
    Request request(std::string(text), head, text.data(), client);
    request.rejection = {code, std::move(reason)};
    return finish(request, {});
}

MemoryServer::Answer MemoryServer::finish(Request& request, std::string_view body) {
    Answer answer;
    bool resumed = false;
    request.on_finished = [&answer] { ++answer.turns; };
    request.resume = [&resumed] { resumed = true; };
    handle_request_noblock(request);
    if (request.wants_body) {
        before_body = take_output(request.outbox);
        REQUIRE(request.body.append(body));
        request.body_complete = true;
        handle_request_noblock(request);
    }
    while (request.wants_turn) wait_for_turn(request, resumed);
    answer.bytes = take_output(request.outbox);
    answer.close = request.close_connection;
    answer.status = request.status;
    answer.body_bytes = request.body_bytes;
    answer.logged = request.log_access;
    answer.cut_off = request.cut_off;
    answer.log_fields = request.log_fields;
    return answer;
}

void MemoryServer::wait_for_turn(Request& request, bool& resumed) {
    if (!resumed && while_waiting) while_waiting();
    request.turn_timed_out = !resumed;
    resumed = false;
    handle_request_noblock(request);
}

std::string MemoryServer::log_text(const char* name) {
    set_log(std::make_shared<Log>(LogOptions{.access = "off", .level = LogLevel::off}));
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace basehttp
